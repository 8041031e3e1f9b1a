"""A host counts the work that comes from outside, by how it ended and whose it was."""

from __future__ import annotations

import time

import msgspec
import pytest

from hanse import PUBLIC, Contract, Internal, Service, Unavailable, rpc
from hanse.kit.clock import unix_ns
from hanse.runtime.config.secret import Secret
from hanse.runtime.credentials.api_key import KeyMint
from hanse.runtime.credentials.development import DevelopmentIssuer
from hanse.runtime.figures.clients import visitor_at
from hanse.runtime.figures.tally import FAILURES_MAX
from hanse.runtime.identity.principal import Principal
from hanse.runtime.server.tests.wire import Peer, connect, get, post

ECHO = post("/desk/v1/echo", {"text": "a"})
WHO = ("/desk/v1/who",)


def fail(how: str, *headers: str) -> bytes:
    return post(f"/desk/v1/failures/{how}", {}, *headers)


def at(address: str) -> str:
    return f"X-Forwarded-For: {address}"


def visitor(address: str) -> str:
    return f"visitor:{visitor_at(address)}"


async def test_nobody_sees_it_but_at_a_trusted_door(begin):
    desk = await begin()
    for peer in (await desk.outside(), await desk.gate()):
        for verb in ("GET", "HEAD", "POST", "OPTIONS"):
            answer = await peer.ask(get("/figures", verb=verb), verb=verb.encode())
            assert answer.status == 404, verb
    answer = await (await desk.inside()).ask(get("/figures"))
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")


async def test_calls_are_counted_by_how_they_ended(begin):
    # given calls that go well, that are refused for what they are, and that fail by our fault
    desk = await begin()
    peer = await desk.outside()
    sent = [ECHO, connect("Echo", {"text": "a"}), get("/desk/v1/who"), get("/pages/index")]
    sent += [post("/desk/v1/echo", {"text": 1}), get("/desk/v1/me"), fail("full")]
    sent += [fail("raise"), fail("broken"), post("/desk/v1/lies", {}), get("/pages/broken")]
    # when they are made
    for request in sent:
        await peer.ask(request)
    await peer.ask(get("/nothing/here"))
    # then each is counted once, and what is no call is not
    told = await desk.figures()
    assert (told.requests, told.failed, told.refused) == (11, 4, 3)
    assert sum(number for _, number in told.latency) == 11
    bounds = [bound for bound, _ in told.latency]
    assert bounds == sorted(set(bounds))
    assert all(number > 0 for _, number in told.latency)


async def test_the_durations_are_those_of_the_calls(begin, gates):
    desk = await begin()
    peer = await desk.outside()
    began = time.monotonic_ns()
    await peer.send(get("/desk/v1/gates/one", verb="POST"))
    await gates.wait_entered("one")
    entered = time.monotonic_ns()
    assert (await desk.figures()).latency == ()
    gates.open("one")
    await peer.answer()
    ((bound, number),) = (await desk.figures()).latency
    assert number == 1
    assert entered - began <= bound * 9 / 8 <= (time.monotonic_ns() - began) * 81 / 64 + 9


async def test_what_the_door_turns_away_is_counted_without_a_duration(begin, gates):
    # given a host that is full
    desk = await begin(limits={"calls": 1})
    await (await desk.gate()).send(get("/desk/v1/gates/full", verb="POST"))
    await gates.wait_entered("full")
    # when others come, with no time, with credentials that do not hold, and with neither
    peer = await desk.gate()
    answers = [
        await peer.ask(get(*WHO, at("10.0.0.1"))),
        await peer.ask(get(*WHO, at("10.0.0.2"), "Connect-Timeout-Ms: 0")),
        await peer.ask(get(*WHO, at("10.0.0.3"), "Authorization: Bearer no")),
    ]
    # then overload is ours, and they are theirs
    assert [one.status for one in answers] == [503, 504, 401]
    told = await desk.figures()
    assert (told.requests, told.failed, told.refused, told.latency) == (3, 2, 1, ())
    assert [client for *_, client in told.failures] == [visitor("10.0.0.1"), visitor("10.0.0.2")]
    gates.open("full")


async def test_a_body_that_finds_no_room_is_turned_away(begin):
    desk = await begin(limits={"body_room": 100_000})
    answer = await (await desk.outside()).ask(post("/desk/v1/echo", {"text": "x" * 200_000}))
    assert answer.status == 503
    told = await desk.figures()
    assert (told.requests, told.failed) == (1, 1)
    assert [client for *_, client in told.failures] == ["visitor"]


async def test_a_call_beyond_a_methods_bound_is_a_fault(begin, gates):
    desk = await begin()
    first, second = await desk.gate(), await desk.gate()
    await first.send(get("/desk/v1/narrow/one", verb="POST"))
    await gates.wait_entered("one")
    assert (await second.ask(get("/desk/v1/narrow/one", at("10.0.0.1"), verb="POST"))).status == 503
    told = await desk.figures()
    assert (told.requests, told.failed, told.failures[0][2]) == (1, 1, visitor("10.0.0.1"))
    gates.open("one")


async def test_streams_are_counted_when_they_end(begin):
    desk = await begin()
    peer = await desk.outside()
    for query in ("count=2", "count=1&fail=true"):
        await peer.ask(get(f"/desk/v1/ticks?{query}"))
    assert (await peer.ask(get("/desk/v1/ticks?count=no"))).status == 400
    told = await desk.figures()
    assert (told.requests, told.failed, told.refused) == (3, 1, 1)


async def test_each_failure_has_its_number_its_second_and_its_client(begin):
    desk = await begin()
    peer = await desk.gate()
    before = unix_ns() // 1_000_000_000
    for address in ("10.0.0.1", "10.0.0.2", "10.0.0.1"):
        await peer.ask(fail("raise", at(address)))
        await peer.ask(fail("full", at(address)))
    told = await desk.figures()
    numbers, seconds, clients = zip(*told.failures, strict=True)
    assert numbers == (1, 2, 3)
    assert all(before <= second <= unix_ns() // 1_000_000_000 for second in seconds)
    assert clients == tuple(visitor(f"10.0.0.{n}") for n in (1, 2, 1))


async def test_the_newest_failures_are_kept_and_numbered_without_gaps(begin):
    desk = await begin()
    tally = desk.host._instruments.tally
    for _ in range(FAILURES_MAX + 100):
        tally.turned_away(Unavailable(), None)
    await (await desk.gate()).ask(fail("raise"))
    told = await desk.figures()
    assert told.failed == FAILURES_MAX + 101
    assert [number for number, *_ in told.failures] == list(range(102, FAILURES_MAX + 102))


async def test_clients_are_told_apart_by_who_signed_in_and_by_address(begin, tmp_path):
    # given somebody who signs in, an app with a key, and visitors
    issuer = DevelopmentIssuer(tmp_path / "identity", time.time)
    pepper = Secret("p" * 32)
    key, stored = KeyMint(pepper).mint(Principal("app", "till"))
    desk = await begin(issuers=(issuer.issuer(),), api_keys=(stored,), pepper=pepper)
    gate, outside = await desk.gate(), await desk.outside()
    bearers = [f"Authorization: Bearer {one}" for one in (issuer.mint("member", "ada"), key)]
    # when each fails
    for header in (*bearers, at("10.0.0.1"), f"{at('10.0.0.1')}\r\nAccept-Language: de"):
        await gate.ask(fail("raise", header))
    await gate.ask(fail("raise", at("10.0.0.9"), "Hanse-Site: acme"))
    await outside.ask(fail("raise", at("10.0.0.7")))
    # then each has one name, and what the open door is told of an address counts for nothing
    assert [client for *_, client in (await desk.figures()).failures] == [
        "member:ada", "app:till", visitor("10.0.0.1"), visitor("10.0.0.1"), visitor("10.0.0.9"),
        visitor("127.0.0.1"),
    ]  # fmt: skip


async def test_the_most_active_clients_are_counted_about_right(begin):
    # given two clients that take turns, of which one asks three times as often
    desk = await begin()
    peer = await desk.gate()
    turn = b"".join(get(*WHO, at(f"10.0.0.{n}")) for n in (1, 2, 1, 1))
    for _ in range(400):
        await peer.send(turn)
        for _ in range(4):
            await peer.answer()
    told = await desk.figures()
    # then all but the last few are counted, for whose they were
    assert set(told.clients) == {visitor("10.0.0.1"), visitor("10.0.0.2")}
    assert told.requests == 1600
    assert 1600 - 32 <= sum(told.clients.values()) <= 1600
    assert told.clients[visitor("10.0.0.1")] > told.clients[visitor("10.0.0.2")]


class Inner(Contract, package="inner.v1"):
    """Called by another."""

    @rpc(allow=PUBLIC)
    async def answer(self, fails: bool = False) -> int: ...


class InnerService(Inner, Service):
    async def answer(self, fails: bool = False) -> int:
        if fails:
            raise RuntimeError
        return 1


class Outer(Service, package="outer.v1"):
    """Calls another service, and makes good what fails there."""

    def __init__(self, inner: Inner) -> None:
        self._inner = inner

    @rpc("POST /outer/v1/asks", allow=PUBLIC)
    async def ask(self, times: int, fails: bool = False) -> int:
        done = 0
        for _ in range(times):
            try:
                done += await self._inner.answer(fails)
            except Internal:
                done -= 1
        return done


async def test_what_services_of_one_host_ask_of_each_other_is_part_of_a_request(begin):
    host = await begin(Outer, InnerService)
    peer = await host.outside()
    assert (await peer.ask(post("/outer/v1/asks", {"times": 5, "fails": True}))).json == -5
    told = await host.figures()
    assert (told.requests, told.failed, told.failures) == (1, 0, ())
    assert sum(number for _, number in told.latency) == 1


async def test_a_client_is_the_same_behind_another_host(begin, tmp_path):
    # given a service on a host of its own, and one that calls it
    inner = await begin(InnerService, name="b", port=None)
    where = {"inner.v1.Inner": (f"unix:{tmp_path / 'b.sock'}",)}
    outer = await begin(Outer, name="a", directory=where)
    # when two visitors and nobody but the host itself call through
    gate = await outer.gate()
    for address in ("10.0.0.1", "10.0.0.2"):
        asked = post("/outer/v1/asks", {"times": 2, "fails": True}, at(address))
        assert (await gate.ask(asked)).status == 200
    with pytest.raises(Internal):
        await outer.host.get(Inner).answer(True)
    # then the other counts each call, for whom it was
    told = await inner.figures()
    assert (told.requests, told.failed) == (5, 5)
    one, two = visitor("10.0.0.1"), visitor("10.0.0.2")
    assert [client for *_, client in told.failures] == [one, one, two, two, "service:host"]
    # and the calls that the first host made are no requests to it
    assert (await outer.figures()).requests == 2


async def test_a_host_that_begins_anew_says_so(begin):
    first = await begin()
    await (await first.outside()).ask(ECHO)
    before = await first.figures()
    assert (await first.figures()).born == before.born
    assert (await first.figures()).age_s > before.age_s >= 0
    await first.host.stop()
    after = await (await begin()).figures()
    assert after.born != before.born
    assert after.requests == 0


async def test_what_is_told_can_be_read_by_who_knows_no_more_than_json(begin):
    desk = await begin()
    peer = await desk.gate()
    await peer.ask(fail("raise", at("10.0.0.1")))
    answer = await (await desk.inside()).ask(get("/figures"))
    assert list(msgspec.json.decode(answer.body)) == [
        "born", "age_s", "requests", "failed", "refused", "latency", "failures", "clients",
        "signals", "flags",
    ]  # fmt: skip
    assert answer.json["failures"][0][0] == 1
    assert len(answer.json["latency"][0]) == 2


async def test_an_answer_stays_small_whoever_asks(begin) -> None:
    """With names as long as they may be, and all buckets."""
    desk = await begin()
    tally = desk.host._instruments.tally
    whose = type("Whose", (), {"principal": Principal("member", "x" * 10_000), "client": ""})()
    for _ in range(FAILURES_MAX + 1):
        tally.turned_away(Unavailable(), whose)
    peer: Peer = await desk.inside()
    assert len((await peer.ask(get("/figures"))).body) < 500_000
