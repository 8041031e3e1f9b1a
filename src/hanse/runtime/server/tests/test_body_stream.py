"""Bodies that are read as they come: in bounded memory, at their reader's pace, and never as two requests."""

import asyncio
import hashlib
import time

import pytest

from hanse import Host, HostConfig
from hanse.runtime.call.admission import Limits
from hanse.runtime.http.body_stream import AHEAD_MAX
from hanse.runtime.http.message import Request, Response
from hanse.runtime.server.tests.wire import PATIENCE, Peer

LARGE = 8 * 1024 * 1024
CHUNK = 64 * 1024


class Sink:
    """Takes anything up to a bound, when it is told to."""

    takes_stream = True
    max_body = LARGE

    def __init__(self) -> None:
        self.may_read = asyncio.Event()
        self.may_read.set()
        self.asked = asyncio.Event()
        self.seen: list[Request] = []
        self.refuses = False

    async def serve(self, request: Request) -> Response:
        self.seen.append(request)
        self.asked.set()
        if self.refuses:
            return Response(403, b"", b"no")
        await self.may_read.wait()
        digest, size = hashlib.sha256(), 0
        async for piece in request.pieces():
            digest.update(piece)
            size += len(piece)
        return Response(200, b"", f"{size} {digest.hexdigest()}".encode())


@pytest.fixture
async def sink():
    return Sink()


@pytest.fixture
async def host(sink):
    config = HostConfig(limits=Limits(body_timeout=0.4), docs=False)
    host = Host([], config)
    host._router.add("POST", "/sink/v1/bytes", sink)
    async with host:
        yield host


@pytest.fixture
async def peer(host):
    peer = await Peer.tcp(host)
    yield peer
    peer.writer.close()


def head(*lines: str, length: int | None = None) -> bytes:
    given = [] if length is None else [f"content-length: {length}"]
    return "\r\n".join(("POST /sink/v1/bytes HTTP/1.1", "host: x", *given, *lines, "", "")).encode()


def chunked(body: bytes, size: int = CHUNK) -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def told(body: bytes) -> bytes:
    return f"{len(body)} {hashlib.sha256(body).hexdigest()}".encode()


@pytest.mark.parametrize("size", [0, 1, 64 * 1024, 64 * 1024 + 1, 3 * 1024 * 1024, LARGE])
async def test_every_byte_arrives_whatever_the_size(peer, size) -> None:
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    answer = await peer.ask(head(length=size) + body)
    assert (answer.status, answer.body) == (200, told(body))


async def test_chunks_arrive_and_the_connection_goes_on(peer) -> None:
    body = b"ab" * 500_000
    first = await peer.ask(head("transfer-encoding: chunked") + chunked(body))
    second = await peer.ask(head("transfer-encoding: chunked") + chunked(b"small"))
    third = await peer.ask(head(length=3) + b"end")
    assert [one.body for one in (first, second, third)] == [
        told(body),
        told(b"small"),
        told(b"end"),
    ]


async def test_who_does_not_read_holds_little_of_it(peer, sink) -> None:
    sink.may_read.clear()
    body = b"z" * LARGE
    sending = asyncio.create_task(peer.send(head(length=LARGE) + body))
    await asyncio.wait_for(sink.asked.wait(), PATIENCE)
    stream = sink.seen[0].stream
    async with asyncio.timeout(PATIENCE):
        while stream.received <= AHEAD_MAX:
            await asyncio.sleep(0)
    for _ in range(1000):  # rounds in which more would come, if it were read
        await asyncio.sleep(0)
    assert stream.received <= AHEAD_MAX + 512 * 1024
    sink.may_read.set()
    answer = await peer.answer()
    await sending
    assert answer.body == told(body)


async def test_nobody_is_told_to_send_what_is_refused(peer, sink) -> None:
    sink.refuses = True
    answer = await peer.ask(head("expect: 100-continue", length=LARGE))
    assert answer.status == 403
    assert answer.headers["connection"] == "close"


async def test_whoever_waits_to_be_told_is_told_when_it_is_read(peer, sink) -> None:
    body = b"q" * 100_000
    await peer.send(head("expect: 100-continue", length=len(body)))
    told_to = await asyncio.wait_for(peer.reader.readuntil(b"\r\n\r\n"), PATIENCE)
    assert told_to == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert (await peer.ask(body)).body == told(body)


async def test_a_body_nobody_wanted_is_no_request(peer, sink) -> None:
    """What is left of it looks like one, and ends with the connection."""
    sink.refuses = True
    body = head(length=3).ljust(100_000, b"x")
    await peer.send(head(length=len(body) + 10) + body)
    answers = await peer.answers()
    assert [one.status for one in answers] == [403]
    assert len(sink.seen) == 1


async def test_requests_before_and_behind_keep_their_order(peer, sink) -> None:
    large = b"L" * 300_000
    await peer.send(head(length=1) + b"a" + head(length=len(large)) + large + head(length=1) + b"b")
    bodies = [(await peer.answer()).body for _ in range(3)]
    assert bodies == [told(b"a"), told(large), told(b"b")]


async def test_chunks_beyond_the_bound_are_refused_once(peer) -> None:
    answers = asyncio.create_task(peer.answers())
    await peer.send(head("transfer-encoding: chunked") + chunked(b"o" * (LARGE + CHUNK)))
    assert [one.status for one in await answers] == [413]


async def test_what_breaks_amid_a_body_is_answered_once(peer) -> None:
    answers = asyncio.create_task(peer.answers())
    await peer.send(
        head("transfer-encoding: chunked") + b"10000\r\n" + b"x" * 0x10000 + b"\r\nzz\r\n"
    )
    assert [one.status for one in await answers] == [400]


async def test_a_peer_that_stops_in_the_middle_is_answered_and_left(peer) -> None:
    await peer.send(head(length=LARGE) + b"x" * 100_000)
    assert [one.status for one in await peer.answers()] == [408]


async def test_a_slow_reader_is_not_the_peers_fault(peer, sink, host) -> None:
    """The peer is held up for longer than it may take itself."""
    sink.may_read.clear()
    body = b"s" * LARGE
    sending = asyncio.create_task(peer.send(head(length=LARGE) + body))
    await asyncio.wait_for(sink.asked.wait(), PATIENCE)
    async with asyncio.timeout(PATIENCE):
        while sink.seen[0].stream.received <= AHEAD_MAX:
            await asyncio.sleep(0)
    (connection,) = host.connections
    for seconds in (0, 1000):
        connection.look(time.monotonic() + seconds)
    sink.may_read.set()
    assert (await peer.answer()).body == told(body)
    await sending


async def test_a_peer_that_leaves_ends_its_reader(peer, sink, host) -> None:
    await peer.send(head(length=LARGE) + b"x" * 100_000)
    await asyncio.wait_for(sink.asked.wait(), PATIENCE)
    peer.writer.transport.abort()
    async with asyncio.timeout(PATIENCE):
        while len(host.connections):
            await asyncio.sleep(0)
