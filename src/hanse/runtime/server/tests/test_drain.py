"""A host that stops: unready, everything under way finishes, nothing is cut that could be answered."""

from __future__ import annotations

import asyncio

import pytest

from hanse import Host, HostConfig
from hanse.runtime.call.admission import Limits
from hanse.runtime.http.connection import READ
from hanse.runtime.server.tests.desk import Desk, Gates
from hanse.runtime.server.tests.test_floods import until
from hanse.runtime.server.tests.wire import Peer, get, post


@pytest.fixture
async def stopping(gates, connect_to):
    """A host, and how to begin and await its end."""
    config = HostConfig(limits=Limits(drain_timeout=5, header_timeout=1, body_timeout=1))
    async with Host([Desk], config, provided={Gates: gates}) as host:
        yield host


async def begin_stop(host) -> asyncio.Task:
    stop = asyncio.create_task(host.stop())
    await until(lambda: host.draining)
    return stop


async def test_it_turns_unready_and_finishes_what_runs(stopping, connect_to, gates):
    running, asking, idle = [await connect_to(stopping) for _ in range(3)]
    for peer in (asking, idle):
        assert (await peer.ask(get("/health/ready"))).status == 200
    await running.send(get("/desk/v1/gates/a", verb="POST"))
    await asking.send(b"GET /health/ready HTTP/1.1\r\n")
    await gates.wait_entered("a")
    await until(lambda: any(one.phase == READ for one in stopping.connections))
    # when it is told to stop
    stop = await begin_stop(stopping)
    # then an idle connection ends at once, readiness has turned, and who asked is told so
    assert await idle.closed() == b""
    unready = await asking.ask(b"Host: desk\r\n\r\n")
    assert (unready.status, unready.headers["connection"]) == (503, "close")
    # and what ran gets its answer, the last of its connection
    assert not stop.done()
    gates.open("a")
    answer = await running.answer()
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    for peer in (running, asking):
        await peer.closed()
        await peer.close()
    await asyncio.wait_for(stop, 5)
    assert not stopping.connections


async def test_who_got_in_as_the_door_was_closed_is_answered(stopping, connect_to):
    """A connection that was accepted before, and asks after: nobody else would answer it."""
    late, silent = await connect_to(stopping), await connect_to(stopping)
    await until(lambda: len(stopping.connections) == 2)
    stop = await begin_stop(stopping)
    answer = await late.ask(post("/desk/v1/echo", {"text": "a"}))
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    # and who asks nothing keeps nobody from stopping
    assert await silent.closed() == b""
    for peer in (late, silent):
        await peer.close()
    await asyncio.wait_for(stop, 4)


async def test_what_was_sent_ahead_is_answered_too(stopping, connect_to, gates):
    peer = await connect_to(stopping)
    await peer.send(get("/desk/v1/gates/a", verb="POST") + get("/desk/v1/names/b") * 5)
    await gates.wait_entered("a")
    connection = next(iter(stopping.connections))
    await until(lambda: len(connection._waiting) == 5)
    stop = await begin_stop(stopping)
    gates.open("a")
    answers = await peer.answers()
    assert [answer.status for answer in answers] == [200] * 6
    assert [answer.headers.get("connection") for answer in answers] == [None] * 5 + ["close"]
    await peer.close()
    await asyncio.wait_for(stop, 5)


async def test_a_body_on_its_way_may_arrive(stopping, connect_to, gates):
    peer = await connect_to(stopping)
    whole = post("/desk/v1/echo", {"text": "a"})
    await peer.send(whole[:-5])
    await until(lambda: any(one.reader.in_body for one in stopping.connections))
    stop = await begin_stop(stopping)
    answer = await peer.ask(whole[-5:])
    assert (answer.json, answer.headers["connection"]) == ({"text": "a"}, "close")
    await peer.close()
    await asyncio.wait_for(stop, 5)


async def test_nobody_new_comes_in(stopping, connect_to, gates):
    running = await connect_to(stopping)
    await running.send(get("/desk/v1/gates/a", verb="POST"))
    await gates.wait_entered("a")
    url = stopping.url
    stop = await begin_stop(stopping)
    port = int(url.rpartition(":")[2])
    with pytest.raises(OSError, match="refused|Connect"):
        await asyncio.open_connection("127.0.0.1", port)
    gates.open("a")
    assert (await running.answer()).status == 200
    await running.close()
    await asyncio.wait_for(stop, 5)


async def test_a_stream_goes_on_to_its_end(stopping, connect_to, gates):
    peer = await connect_to(stopping)
    await peer.send(get("/desk/v1/hums"))
    while b"first" not in await peer.reader.readline():
        pass
    stop = await begin_stop(stopping)
    gates.open("hum")
    rest = await peer.closed()
    assert rest.endswith(b"0\r\n\r\n")
    assert b"event: end" in rest
    await peer.close()
    await asyncio.wait_for(stop, 5)


async def test_what_never_ends_is_cut_off_in_time(gates, connect_to):
    config = HostConfig(limits=Limits(drain_timeout=0.2))
    host = Host([Desk], config, provided={Gates: gates})
    async with host:
        hanging, streaming, slow = [await connect_to(host) for _ in range(3)]
        await hanging.send(get("/desk/v1/gates/never", verb="POST"))
        await streaming.send(get("/desk/v1/hums"))
        await slow.send(b"GET /desk")
        await gates.wait_entered("never")
        await until(lambda: len(host.connections) == 3)
        begun = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - begun < 3
    assert not host.connections
    await until(lambda: gates.ended["never"] == 1)
    assert host.admission.running == 0


async def test_under_load_no_request_is_lost(stopping, gates):
    """Each request is answered with 200, or its connection ended before a handler began."""
    outcomes: dict[str, str] = {}

    async def client(number: int) -> None:
        async with await Peer.tcp(stopping) as peer:
            for turn in range(10_000):
                key = f"{number}-{turn}"
                try:
                    answer = await peer.ask(post("/desk/v1/echo", {"text": key}))
                except AssertionError:
                    outcomes[key] = "ended"
                    return
                outcomes[key] = str(answer.status) if answer.whole else "cut"
                if answer.headers.get("connection") == "close":
                    return

    clients = [asyncio.create_task(client(number)) for number in range(8)]
    await until(lambda: len(gates.begun) > 200)
    stop = await begin_stop(stopping)
    await asyncio.gather(*clients)
    await asyncio.wait_for(stop, 5)
    answered = {key for key, outcome in outcomes.items() if outcome == "200"}
    assert set(outcomes.values()) <= {"200", "ended"}
    assert answered == set(gates.begun)
