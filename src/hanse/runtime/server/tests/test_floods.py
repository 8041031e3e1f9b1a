"""Peers that send too much, too slowly or never stop, and peers that do not read: bounded, and ended."""

from __future__ import annotations

import asyncio
import socket
import struct
import tracemalloc
from contextlib import suppress

import pytest

from hanse.kit.clock import monotonic
from hanse.runtime.server.tests.wire import PATIENCE, get, post

POST = b"POST /desk/v1/echo HTTP/1.1\r\nHost: desk\r\nContent-Type: application/json\r\n"


async def until(condition) -> None:
    """Lets the host go on until something holds."""

    async def turn():
        while not condition():  # noqa: ASYNC110 - a turn of the loop each, not a pause
            await asyncio.sleep(0)

    await asyncio.wait_for(turn(), PATIENCE)


def held(host) -> int:
    """Bytes of answers that wait in this process for peers to take them."""
    return sum(one._transport.get_write_buffer_size() for one in host.connections)


def lines(count: int, text: str = "x-{}: y\r\n") -> bytes:
    return "".join(text.format(number) for number in range(count)).encode()


HEAVY = {
    "many headers": get("/desk/v1/who")[:-2] + lines(100) + b"\r\n",
    "one header many times": get("/desk/v1/who")[:-2] + lines(100, "x: y\r\n") + b"\r\n",
    "a hundred thousand headers": get("/desk/v1/who")[:-2] + lines(50_000, "x: y\r\n") + b"\r\n",
    "one large header": get("/desk/v1/who", f"x: {'y' * 5000}"),
    "large headers together": get("/desk/v1/who", *(f"x{n}: {'y' * 500}" for n in range(10))),
    "large target": get(f"/desk/v1/names/{'y' * 5000}"),
    "large query": get(f"/desk/v1/who?{'y' * 5000}"),
    "large header name": get("/desk/v1/who", f"{'y' * 5000}: x"),
    "large header of a request with a body": post("/desk/v1/echo", {"text": "a"}, f"x: {'y' * 5000}"),
}  # fmt: skip


@pytest.fixture
async def narrow(serve):
    """A host with limits that are quickly reached."""
    limits = {"headers": 100, "header_bytes": 4096, "pipelined": 4}
    times = {"header_timeout": 0.3, "body_timeout": 0.3, "idle_timeout": 0.3, "write_timeout": 0.3}
    return await serve(limits=limits | times)


@pytest.mark.parametrize("name", HEAVY)
@pytest.mark.parametrize("before", [b"", get("/desk/v1/names/a")], ids=["alone", "behind another"])
async def test_a_head_over_the_limits_is_refused_also_in_one_segment(
    narrow, connect_to, name, before
):
    peer = await connect_to(narrow)
    await peer.send(before + HEAVY[name])
    statuses = [answer.status for answer in await peer.answers()]
    assert statuses == [*([200] if before else []), 431]


async def test_a_head_within_the_limits_passes(narrow, connect_to):
    peer = await connect_to(narrow)
    headers = [f"x-{number}: {'y' * 20}" for number in range(99)]
    assert (await peer.ask(get("/desk/v1/who", *headers))).status == 200
    assert (await peer.ask(get("/desk/v1/who", f"x: {'y' * 3900}"))).status == 200


async def test_small_requests_in_one_segment_are_not_one_large_head(narrow, connect_to):
    """The end of one and the beginning of the next come together; only the latter is an open head."""
    peer = await connect_to(narrow)
    sent = get("/desk/v1/names/a") * 200
    await peer.send(sent[:-1])
    for _ in range(199):
        assert (await peer.answer()).status == 200
    await peer.send(sent[-1:])
    assert (await peer.answer()).status == 200


ENDLESS = {
    "target": (b"GET /", b"a" * 512, 431),
    "header": (b"GET /desk/v1/who HTTP/1.1\r\nHost: desk\r\nx: ", b"a" * 512, 431),
    "header name": (b"GET /desk/v1/who HTTP/1.1\r\nHost: desk\r\n", b"a" * 512, 431),
    "headers": (b"GET /desk/v1/who HTTP/1.1\r\nHost: desk\r\n", b"x: y\r\n" * 64, 431),
    "trailer": (POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nx: ", b"a" * 512, 413),
    "trailers": (POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"x: y\r\n" * 64, 431),
    "chunk extension": (POST + b"Transfer-Encoding: chunked\r\n\r\n1;x=", b"a" * 512, 413),
    "chunk size": (POST + b"Transfer-Encoding: chunked\r\n\r\n", b"0" * 512, 413),
    "chunks of one byte": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1;" + b"x" * 50 + b"\r\na\r\n", 413,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDLESS)
async def test_what_has_no_end_is_cut_off_after_a_few_kilobytes(narrow, connect_to, name):
    beginning, more, status = ENDLESS[name]
    peer = await connect_to(narrow)
    await peer.send(beginning)
    answered = asyncio.create_task(peer.answers())
    sent = 0
    while not answered.done() and sent < 2_000_000:
        await peer.send(more)
        await asyncio.sleep(0)
        sent += len(more)
    assert [answer.status for answer in await answered] == [status]
    assert sent < 1_000_000


async def test_trailers_are_bounded_whatever_they_are_called(narrow, connect_to):
    peer = await connect_to(narrow)
    body = b"2000\r\n" + b" " * 0x2000 + b"\r\n0\r\n"
    trailers = b"".join(b"%08x: y\r\n" % number for number in range(5_000))
    await peer.send(POST + b"Transfer-Encoding: chunked\r\n\r\n" + body + trailers[:20_000])
    answered = asyncio.create_task(peer.answers())
    await peer.send(trailers[20_000:])
    assert [answer.status for answer in await answered] == [431]


async def test_a_body_of_tiny_chunks_weighs_what_it_is(host, connect_to):
    peer = await connect_to(host)
    await peer.send(POST + b"Transfer-Encoding: chunked\r\n\r\n")
    await until(lambda: any(one.reader.in_body for one in host.connections))
    tracemalloc.start()
    try:
        await peer.send(b"2\r\n  \r\n" * 20_000)
        [connection] = host.connections
        await until(lambda: connection.reader._size == 40_000)
        held = sum(trace.size for trace in tracemalloc.take_snapshot().traces)
    finally:
        tracemalloc.stop()
    assert held < 600_000  # most of it the reads and what was sent; pieces would be a megabyte more


async def test_a_head_behind_another_request_is_measured_whole(narrow, connect_to, gates):
    peer = await connect_to(narrow)
    long = b"GET /desk/v1/who HTTP/1.1\r\nHost: desk\r\nx: " + b"z" * 20_000
    await peer.send(get("/desk/v1/who") + long)
    assert (await peer.answer()).status == 200
    await peer.send(b"\r\n\r\n")
    assert (await peer.answer()).status == 431


async def test_thousands_sent_ahead_take_room(serve, connect_to, gates):
    host = await serve(limits={"body_room": 100_000})
    peer = await connect_to(host)
    await peer.send(get("/desk/v1/gates/slow", verb="POST") + get("/desk/v1/who") * 1_000)
    await gates.wait_entered("slow")
    await until(lambda: next(iter(host.connections)).deaf)
    gates.open("slow")
    answers = await peer.answers()
    assert len(answers) < 200
    assert [answer.status for answer in answers[-2:]] == [200, 503]
    assert host.room.held == 0


async def test_it_is_cut_off_behind_a_request_that_runs(narrow, connect_to, gates):
    """While one is being answered the next may not grow without a bound."""
    peer = await connect_to(narrow)
    await peer.send(get("/desk/v1/gates/slow", verb="POST"))
    await gates.wait_entered("slow")
    await peer.send(b"GET /desk/v1/who HTTP/1.1\r\nHost: desk\r\nx: ")
    connection = next(iter(narrow.connections))
    while not connection.deaf:
        await peer.send(b"a" * 512)
        await asyncio.sleep(0)
    gates.open("slow")
    assert [answer.status for answer in await peer.answers()] == [200, 431]


SLOW = {
    "first line": (b"", b"G", 408),
    "target": (b"GET /", b"a", 408),
    "header": (b"GET /desk/v1/who HTTP/1.1\r\nx: ", b"a", 408),
    "empty lines": (b"", b"\r\n", 408),
    "body": (POST + b"Content-Length: 10000\r\n\r\n", b" ", 408),
    "chunks": (POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", 408),
    "nothing after a length": (POST + b"Content-Length: 10\r\n\r\n", b"", 408),
    "nothing after a line": (b"GET / HTTP/1.1\r\n", b"", 408),
}


@pytest.mark.parametrize("name", SLOW)
async def test_a_slow_sender_is_told_so_and_cut_off(narrow, connect_to, name):
    beginning, byte, status = SLOW[name]
    peer = await connect_to(narrow)
    await peer.send(beginning or byte)
    answered = asyncio.create_task(peer.answers())
    while not (await asyncio.wait({answered}, timeout=0.02))[0]:
        if byte != b"G":
            await peer.send(byte)
    assert [answer.status for answer in answered.result()] == [status]


async def test_a_slow_body_behind_a_running_request_is_cut_off_too(narrow, connect_to, gates):
    peer = await connect_to(narrow)
    await peer.send(get("/desk/v1/gates/slow", verb="POST"))
    await gates.wait_entered("slow")
    await peer.send(POST + b"Content-Length: 10\r\n\r\n")
    gates.open("slow")
    assert [answer.status for answer in await peer.answers()] == [200, 408]


async def test_a_silent_connection_is_closed_without_a_word(narrow, connect_to):
    fresh, used = await connect_to(narrow), await connect_to(narrow)
    assert (await used.ask(get("/desk/v1/who"))).status == 200
    assert await asyncio.gather(fresh.closed(), used.closed()) == [b"", b""]
    assert not narrow.connections


async def test_a_fresh_connection_is_not_taken_for_an_old_one(host, connect_to):
    peer = await connect_to(host)
    await until(lambda: host.connections)
    next(iter(host.connections)).look(monotonic())
    assert (await peer.ask(get("/desk/v1/who"))).status == 200


async def test_a_request_may_take_longer_than_all_that(narrow, connect_to, gates):
    """Only the peer is hurried; a handler has its own deadline."""
    peer = await connect_to(narrow)
    idle = await connect_to(narrow)
    await peer.send(get("/desk/v1/gates/long", verb="POST"))
    await gates.wait_entered("long")
    await idle.closed()
    await (await connect_to(narrow)).closed()
    gates.open("long")
    assert (await peer.answer()).status == 200


async def test_more_connections_than_allowed_are_not_kept(serve, connect_to):
    host = await serve(limits={"connections": 3})
    peers = [await connect_to(host) for _ in range(3)]
    for peer in peers:
        assert (await peer.ask(get("/desk/v1/who"))).status == 200
    # when a fourth comes, then it is closed and the others live on
    assert await (await connect_to(host)).closed() == b""
    for peer in peers:
        assert (await peer.ask(get("/desk/v1/who"))).status == 200
    # and when one of them leaves there is room again
    await peers[0].close()
    await until(lambda: len(host.connections) == 2)
    assert (await (await connect_to(host)).ask(get("/desk/v1/who"))).status == 200


async def test_a_peer_that_does_not_read_is_ended(narrow, connect_to):
    peer = await connect_to(narrow)
    await peer.send(get("/desk/v1/large?kilobytes=20000"))
    await until(lambda: held(narrow) > 0)
    await until(lambda: not narrow.connections)
    answer = (await peer.answers())[0]
    assert not answer.whole


@pytest.mark.parametrize("rounds", [0, 1])
async def test_a_peer_that_asks_and_never_reads_is_not_answered_any_further(
    serve, connect_to, gates, rounds
):
    """Whether its answers are there at once, as some are where tasks begin at once, or wait."""
    host = await serve(limits={"pipelined": 4})
    peer = await connect_to(host)
    sent = get(f"/desk/v1/large?kilobytes=500&rounds={rounds}") * 60
    asked = asyncio.create_task(peer.send(sent))
    # when the network's buffers are full
    await until(lambda: held(host) > 0)
    for _ in range(1000):
        await asyncio.sleep(0)
    # then the host has stopped working for it: what waits here is one answer
    assert len(gates.begun) < 30
    assert held(host) < 2 * 500 * 1024
    # and nothing is lost when it reads after all
    for _ in range(60):
        answer = await peer.answer()
        assert (answer.status, len(answer.body)) == (200, 500 * 1024 + len('{"text":""}'))
    await asked


async def test_small_answers_nobody_reads_are_ended_as_well(narrow, connect_to):
    """Too little to fill this process's buffer, but the network takes no more."""
    peer = await connect_to(narrow)
    peer.writer.transport.pause_reading()
    with suppress(TimeoutError):
        await asyncio.wait_for(peer.send(get("/desk/v1/large?kilobytes=40") * 400), 1)
    await until(lambda: not narrow.connections)


async def test_a_stream_nobody_reads_is_not_produced_any_further_and_is_ended(
    narrow, connect_to, gates
):
    peer = await connect_to(narrow)
    await peer.send(get("/desk/v1/ticks?count=2000&kilobytes=64"))
    await until(lambda: held(narrow) > 0)
    assert held(narrow) < 1024 * 1024
    # when it does not read for a while, then the connection ends and so does the handler
    await until(lambda: not narrow.connections)
    await until(lambda: gates.ended["ticks"] == 1)
    assert narrow.admission.running == 0


async def test_a_reader_that_is_slow_but_reads_gets_everything(narrow, connect_to):
    """Each look finds the buffer full, yet the peer makes headway: it is not cut off."""
    peer = await connect_to(narrow)
    await peer.send(get("/desk/v1/ticks?count=400&kilobytes=64"))
    begun, loop = None, asyncio.get_running_loop()
    size = 0
    while True:
        part = await asyncio.wait_for(peer.reader.read(256 * 1024), PATIENCE)
        begun = begun or loop.time()
        size += len(part)
        if part.endswith(b"\r\n0\r\n\r\n"):
            break
        assert part, "cut off"
        with suppress(TimeoutError):  # reads 20 times a second
            await asyncio.wait_for(asyncio.Event().wait(), 0.02)
    assert size > 400 * 64 * 1024
    assert loop.time() - begun > 1.0


async def test_a_client_that_leaves_ends_its_handler(host, connect_to, gates):
    peer = await connect_to(host)
    await peer.send(get("/desk/v1/gates/left", verb="POST"))
    await gates.wait_entered("left")
    await peer.close()
    await until(lambda: gates.ended["left"] == 1)
    assert host.admission.running == 0


async def test_a_client_that_resets_ends_its_stream(host, connect_to, gates):
    peer = await connect_to(host)
    await peer.send(get("/desk/v1/hums"))
    while b"first" not in await peer.reader.readline():
        pass
    raw = peer.writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.writer.transport.abort()
    await until(lambda: gates.ended["hum"] == 1)
    assert host.admission.running == 0


async def test_a_client_that_stops_sending_has_left(host, connect_to, gates):
    peer = await connect_to(host)
    await peer.send(get("/desk/v1/gates/half", verb="POST") + get("/desk/v1/gates/b", verb="POST"))
    await gates.wait_entered("half")
    peer.finish()
    assert await peer.closed() == b""
    await until(lambda: gates.ended["half"] == 1)
    assert gates.begun == ["half"]


async def test_a_request_cut_in_the_middle_is_nobodys(host, connect_to, gates):
    for sent in (b"GET /desk", POST, POST + b"Content-Length: 12\r\n\r\n{"):
        peer = await connect_to(host)
        await peer.send(sent)
        peer.finish()
        assert await peer.closed() == b""
    assert gates.begun == []
