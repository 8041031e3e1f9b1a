"""A fetch reads no more of an answer than it was told to, in whatever form too much comes."""

import asyncio
import contextlib

import pytest

from hanse.kit.fetch import fetch
from hanse.kit.http import Address, ConnectionFailed, connect

LIMIT = 1024 * 1024
"""More than is read at once, so that the head has been understood when it is passed."""
SENT_MAX = 64 * 1024 * 1024
"""Far more than the buffers between two sockets hold: who is still sending then is being read."""

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n"
ENDLESS = {
    "announced": (OK + b"content-length: %d\r\n\r\n" % SENT_MAX, b"x" * 65_536),
    "in chunks": (CHUNKED, b"10000\r\n" + b"x" * 65_536 + b"\r\n"),
    "in chunks of one byte": (CHUNKED, b"1\r\nx\r\n" * 10_000),
    "until the end": (OK + b"connection: close\r\n\r\n", b"x" * 65_536),
    "headers": (OK, b"a: b\r\n" * 10_000),
    "one header": (OK + b"a: ", b"b" * 65_536),
    "a reason": (b"HTTP/1.1 200 ", b"O" * 65_536),
}


class Talker:
    """Answers each request with a beginning and, again and again, the same part."""

    def __init__(self, beginning, part=b""):
        self.beginning = beginning
        self.part = part
        self.sent = 0
        self.ended = asyncio.Event()

    async def __call__(self, reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(self.beginning)
        try:
            while self.part and self.sent < SENT_MAX:
                writer.write(self.part)
                await writer.drain()
                self.sent += len(self.part)
        except ConnectionError:
            pass
        writer.close()
        self.ended.set()


async def fetched(talker, **options):
    async with await asyncio.start_server(talker, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        try:
            return await fetch(f"http://127.0.0.1:{port}/keys", **options)
        finally:
            await asyncio.wait_for(talker.ended.wait(), 10)


@pytest.mark.parametrize("form", ENDLESS)
async def test_an_answer_over_the_limit_is_cut_off(form):
    talker = Talker(*ENDLESS[form])

    with pytest.raises(ConnectionFailed, match=f"over {LIMIT} bytes"):
        await fetched(talker, limit=LIMIT)

    assert talker.sent < SENT_MAX


@pytest.mark.parametrize(("spare", "fits"), [(0, True), (-1, False)])
async def test_the_limit_counts_head_and_body(spare, fits):
    head = OK + b"content-length: 1000\r\n\r\n"
    talker = Talker(head + b"x" * 1000)
    limit = len(head) + 1000 + spare

    if fits:
        status, _, body = await fetched(talker, limit=limit)
        assert (status, body) == (200, b"x" * 1000)
    else:
        with pytest.raises(ConnectionFailed, match=f"over {limit} bytes"):
            await fetched(talker, limit=limit)


async def test_news_before_the_answer_are_not_the_answer():
    """RFC 9110, 15.2: a final response follows; whoever took the first would read it for the next."""

    ended = asyncio.Event()

    async def hints(reader, writer):
        for number in (b"1", b"2"):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0)
            writer.write(OK + b"content-length: 1\r\n\r\n" + number)
        with contextlib.suppress(ConnectionError):
            await reader.read(-1)
            writer.close()
            await writer.wait_closed()
        ended.set()

    async with await asyncio.start_server(hints, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        channel = await connect(Address(f"http://127.0.0.1:{port}"))
        asked = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
        answers = [await channel.exchange(asked) for _ in range(2)]
        channel.close()
        await asyncio.wait_for(ended.wait(), 10)
    assert [(status, body) for status, _, body in answers] == [(200, b"1"), (200, b"2")]
    assert "link" not in {name.decode() for _, headers, _ in answers for name in headers}


async def test_an_answer_nobody_asked_for_ends_the_connection():
    ended = asyncio.Event()

    async def eager(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write((OK + b"content-length: 1\r\n\r\n1") * 2)
        with contextlib.suppress(ConnectionError):
            await reader.read(-1)
            writer.close()
            await writer.wait_closed()
        ended.set()

    async with await asyncio.start_server(eager, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        channel = await connect(Address(f"http://127.0.0.1:{port}"))
        with contextlib.suppress(ConnectionFailed):
            await channel.exchange(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        assert channel.closed
        await asyncio.wait_for(ended.wait(), 10)


async def test_another_protocol_that_nobody_asked_for_is_no_answer():
    talker = Talker(
        b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nx"
    )
    told = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))

    with pytest.raises(ConnectionFailed):
        await fetched(talker)

    assert told == []
