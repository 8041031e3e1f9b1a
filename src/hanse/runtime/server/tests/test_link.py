"""Links between hosts: who gets one, what they carry, and what ends them."""

from __future__ import annotations

import asyncio
from time import monotonic

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.runtime.call.context import Origin
from hanse.runtime.remote.frames import (
    BODY_MAX,
    Answer,
    Ask,
    Failure,
    Farewell,
    Frame,
    FrameReader,
    Stop,
)
from hanse.runtime.server.tests.test_floods import until
from hanse.runtime.server.tests.wire import PATIENCE, get

UPGRADE = get("/hanse.link", "Connection: upgrade", "Upgrade: hanse-link")
SECOND_NS = 1_000_000_000
write = msgspec.msgpack.encode


def framed(frame) -> bytes:
    body = frame if isinstance(frame, bytes) else write(frame)
    return len(body).to_bytes(4, "big") + body


def ask(number, method, body=b"{}", **changed) -> Ask:
    """A call as a host makes it."""
    given = {
        "origin": Origin("acme", caller="test.v1.Test"),
        "trace_id": "1" * 32,
        "span_id": "2" * 16,
        "sampled": False,
        "trace_state": "",
        "timeout_ns": 10 * SECOND_NS,
    } | changed
    return Ask(number, f"desk.v1.Desk/{method}", body=body, **given)


class Caller:
    """The calling end, by hand."""

    def __init__(self, peer) -> None:
        self.peer = peer
        self._reader = FrameReader(64 * 1024 * 1024)
        self._heard: list[Frame] = []

    async def say(self, *frames) -> None:
        await self.peer.send(b"".join(map(framed, frames)))

    async def hear(self) -> Frame | None:
        """The next frame; None when the host has ended the link."""
        while not self._heard:
            data = await asyncio.wait_for(self.peer.reader.read(65536), PATIENCE)
            if not data:
                return None
            self._heard += self._reader.feed(data)
        return self._heard.pop(0)

    async def asks(self, *about, **changed) -> Frame | None:
        await self.say(ask(*about, **changed))
        return await self.hear()


@pytest.fixture
async def link_to(connect_to):
    """Opens links: `link_to(host)`."""

    async def linked(host) -> Caller:
        peer = await connect_to(host.config.socket)
        await peer.send(UPGRADE)
        head = await asyncio.wait_for(peer.reader.readuntil(b"\r\n\r\n"), PATIENCE)
        assert head.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
        assert b"\r\nupgrade: hanse-link\r\n" in head
        assert b"content-length" not in head
        return Caller(peer)

    return linked


@pytest.fixture
async def hall(serve, tmp_path):
    """A host with a door for hosts."""
    return await serve(socket=tmp_path / "hall.sock")


@pytest.fixture
async def caller(hall, link_to) -> Caller:
    return await link_to(hall)


# Who gets one.


async def test_the_outside_gets_none(hall, connect_to):
    assert (await (await connect_to(hall)).ask(UPGRADE)).status == 404


async def test_operators_see_the_links_of_a_host(hall, caller):
    assert isinstance(await caller.asks(1, "Who"), Answer)
    await until(lambda: 'hanse_connections{kind="link"} 1\n' in hall.metrics.prometheus())


async def test_who_does_not_ask_to_upgrade_is_told_how(hall, connect_to):
    answer = await (await connect_to(hall.config.socket)).ask(get("/hanse.link"))
    assert (answer.status, answer.code) == (400, "invalid_argument")
    assert "Upgrade: hanse-link" in answer.json["detail"]


# What it carries.


async def test_a_call_is_answered_with_what_the_method_gave(caller):
    answered = await caller.asks(7, "Echo", b'{"text":"hello"}')
    assert (answered.id, msgspec.json.decode(answered.body)) == (7, {"text": "hello"})


async def test_calls_run_side_by_side(caller, gates):
    await caller.say(ask(1, "Wait", b'{"key":"slow"}'), ask(2, "Echo", b'{"text":"quick"}'))
    assert (await caller.hear()).id == 2
    gates.open("slow")
    assert (await caller.hear()).id == 1


async def test_a_call_is_for_whom_its_host_says(caller):
    origin = Origin("acme", caller="test.v1.Test")
    answered = await caller.asks(1, "Who", origin=origin)
    said = msgspec.json.decode(answered.body)
    assert (said["site"], said["caller"]) == ("acme", "test.v1.Test")


@pytest.mark.parametrize(
    ("about", "status", "code"),
    [
        (("Nobody",), 501, "unimplemented"),
        (("Echo", b'{"text":7}'), 400, "invalid_argument"),
        (("Echo", b"{"), 400, "invalid_argument"),
        (("Secret",), 401, "unauthenticated"),
        (("Fail", b'{"how":"raise"}'), 500, "internal"),
        (("Ticks", b'{"count":1}'), 501, "unimplemented"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else str(value),
)
async def test_a_call_that_fails_says_how(caller, about, status, code):
    failed = await caller.asks(1, *about)
    assert isinstance(failed, Failure)
    assert (failed.status, msgspec.json.decode(failed.body)["code"]) == (status, code)


async def test_without_time_nothing_begins(caller, gates):
    failed = await caller.asks(1, "Echo", b'{"text":"late"}', timeout_ns=0)
    assert msgspec.json.decode(failed.body)["code"] == "deadline_exceeded"
    assert gates.begun == []


async def test_a_call_has_the_time_its_caller_gives(caller, gates):
    failed = await caller.asks(1, "Wait", b'{"key":"never"}', timeout_ns=SECOND_NS // 50)
    assert msgspec.json.decode(failed.body)["code"] == "deadline_exceeded"
    assert gates.ended == {"never": 1}


async def test_a_body_over_the_methods_limit_is_refused(caller, gates):
    failed = await caller.asks(1, "Small", b'{"text":"%b"}' % (b"x" * 2_000))
    assert (failed.status, b"body_too_large" in failed.body) == (413, True)


async def test_who_does_not_wait_any_more_has_it_cancelled(caller, gates, hall):
    await caller.say(ask(1, "Wait", b'{"key":"left"}'))
    await gates.wait_entered("left")
    await caller.say(Stop(1), Stop(99))
    await until(lambda: gates.ended == {"left": 1})
    assert (await caller.asks(2, "Echo", b'{"text":"still here"}')).id == 2
    await until(lambda: not hall.admission.running)


async def test_a_call_stopped_before_it_began_leaves_nothing_behind(caller, hall):
    for number in range(20):
        await caller.say(ask(number, "Echo", b'{"text":"x"}'), Stop(number))
    await caller.say(ask(99, "Echo", b'{"text":"last"}'))
    while (await caller.hear()).id != 99:
        pass
    assert not hall.admission.running
    assert hall.metrics.of("desk.v1.Desk", "Echo").in_flight == 0


# What ends it.


@pytest.mark.parametrize(
    "bytes_sent",
    [
        framed(b"\xc1"),
        framed(b""),
        framed(write({"a": 1})),
        framed(write([9, 1])),
        framed(write([1, "one"])),
        framed(Answer(1, b"{}")),
        framed(Farewell()),
        (BODY_MAX * 2).to_bytes(4, "big"),
        b"\xff\xff\xff\xff",
        b"GET / HTTP/1.1\r\n\r\n",
        framed(ask(1, "Wait", b'{"key":"twice"}')) * 2,
    ],
    ids=[
        "no msgpack", "empty", "an object", "no such frame", "a wrong type", "an answer",
        "a farewell", "over the limit", "huge", "http", "a number twice",
    ],
)  # fmt: skip
async def test_what_is_no_call_ends_the_link_and_nothing_else(
    hall, caller, connect_to, bytes_sent, gates
):
    await caller.peer.send(bytes_sent)
    assert await caller.hear() is None
    await until(lambda: not hall.admission.running)
    assert (await (await connect_to(hall)).ask(get("/desk/v1/who"))).status == 200


async def test_a_caller_that_dies_takes_its_calls_with_it(caller, gates, hall):
    await caller.say(*(ask(number, "Wait", b'{"key":"%d"}' % number) for number in range(3)))
    for number in range(3):
        await gates.wait_entered(str(number))
    await caller.peer.close()
    await until(lambda: gates.ended == {"0": 1, "1": 1, "2": 1})
    await until(lambda: not hall.connections and not hall.admission.running)


async def test_a_draining_host_says_farewell_and_answers_what_it_has(
    serve, link_to, gates, tmp_path
):
    host = await serve(socket=tmp_path / "hall.sock", limits={"drain_timeout": 5})
    caller = await link_to(host)
    await caller.say(ask(1, "Wait", b'{"key":"last"}'))
    await gates.wait_entered("last")
    stop = asyncio.create_task(host.stop())
    assert isinstance(await caller.hear(), Farewell)
    # Sent before the farewell was heard: not lost either.
    assert (await caller.asks(2, "Echo", b'{"text":"crossed"}')).id == 2
    gates.open("last")
    assert (await caller.hear()).id == 1
    assert not stop.done()
    await caller.peer.close()
    await asyncio.wait_for(stop, PATIENCE)


async def test_an_idle_link_is_left_and_ended_if_the_peer_stays(serve, link_to, tmp_path):
    host = await serve(socket=tmp_path / "hall.sock", limits={"idle_timeout": 0.3})
    caller = await link_to(host)
    began = monotonic()
    assert isinstance(await caller.hear(), Farewell)
    assert await caller.hear() is None
    assert monotonic() - began > 0.3
    assert not host.connections


async def test_half_a_frame_is_not_waited_for_for_ever(serve, link_to, tmp_path):
    host = await serve(socket=tmp_path / "hall.sock", limits={"body_timeout": 0.3})
    caller = await link_to(host)
    await caller.peer.send(framed(ask(1, "Echo"))[:-1])
    assert await caller.hear() is None


async def test_a_peer_that_takes_no_answers_is_asked_for_no_more_and_ended(
    serve, link_to, tmp_path, gates
):
    host = await serve(socket=tmp_path / "hall.sock", limits={"write_timeout": 0.5})
    caller = await link_to(host)
    body = b'{"kilobytes":100}' + b" " * 20_000
    caller.peer.write(b"".join(framed(ask(number, "Large", body)) for number in range(300)))
    await until(lambda: not host.connections)
    assert 0 < len(gates.begun) < 150


# Frames.


frames = st.lists(
    st.one_of(
        st.builds(Stop, st.integers(0, 2**40)),
        st.builds(Answer, st.integers(0, 2**40), st.binary(max_size=300)),
        st.builds(Failure, st.integers(0, 9), st.integers(400, 599), st.binary(max_size=9)),
        st.just(Farewell()),
    ),
    max_size=8,
)


@given(frames, st.lists(st.integers(1, 80), min_size=1, max_size=30))
def test_frames_come_out_as_they_went_in_however_they_are_cut(sent, cuts):
    stream, reader, heard, at = b"".join(map(framed, sent)), FrameReader(1_000), [], 0
    for turn in range(len(stream)):
        size = cuts[turn % len(cuts)]
        heard += reader.feed(stream[at : at + size])
        at += size
    assert heard == sent
    assert not reader.partial


async def test_what_is_too_large_for_a_link_goes_beside_it(serve, tmp_path):
    from hanse.runtime.server.tests.desk import Desk

    callee = await serve(socket=tmp_path / "hall.sock")
    directory = {"desk.v1.Desk": (f"unix:{callee.config.socket}",)}
    caller = await serve(services=(), port=None, directory=directory)
    desk = caller.get(Desk)
    large = "x" * (BODY_MAX + 1)
    answers = await asyncio.gather(desk.echo(large), desk.echo("small"))
    assert [answer.text for answer in answers] == [large, "small"]
    assert len(callee.connections) == 2
