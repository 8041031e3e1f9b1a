"""What two parties could read as two different requests never reaches a host as two."""

import asyncio
import contextlib

import pytest

from hanse.fleet.gateway.tests.world import World, cart, eventually, request

SECOND = b"GET /cart/smuggled HTTP/1.1\r\nhost: x\r\n\r\n"
POST = b"POST /cart/first HTTP/1.1\r\nhost: x\r\n"
CHUNKED = POST + b"transfer-encoding: chunked\r\n\r\n"

SHAPES = {
    "length and chunks": POST
    + b"content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
    + SECOND,
    "chunks and length": POST
    + b"transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n"
    + SECOND,
    "two lengths": POST + b"content-length: 0\r\ncontent-length: %d\r\n\r\n" % len(SECOND) + SECOND,
    "list of lengths": POST + b"content-length: 0, %d\r\n\r\n" % len(SECOND) + SECOND,
    "length with a sign": POST + b"content-length: +%d\r\n\r\n" % len(SECOND) + SECOND,
    "negative length": POST + b"content-length: -1\r\n\r\n" + SECOND,
    "hexadecimal length": POST + b"content-length: 0x%x\r\n\r\n" % len(SECOND) + SECOND,
    "length of many digits": POST + b"content-length: 18446744073709551616\r\n\r\n" + SECOND,
    "folded line": POST + b"x: a\r\n content-length: %d\r\n\r\n" % len(SECOND) + SECOND,
    "folded encoding": POST + b"transfer-encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + SECOND,
    "space before the colon": POST + b"content-length : %d\r\n\r\n" % len(SECOND) + SECOND,
    "tab before the colon": POST + b"transfer-encoding\t: chunked\r\n\r\n0\r\n\r\n" + SECOND,
    "bare line feeds": POST.replace(b"\r\n", b"\n")
    + b"content-length: %d\n\n" % len(SECOND)
    + SECOND,
    "bare line feed in a value": POST + b"x: a\ncontent-length: %d\r\n\r\n" % len(SECOND) + SECOND,
    "bare carriage return": POST + b"x: a\rcontent-length: %d\r\n\r\n" % len(SECOND) + SECOND,
    "zero byte in a value": POST + b"x: a\0b\r\ncontent-length: %d\r\n\r\n" % len(SECOND) + SECOND,
    "line feed in a second encoding": POST
    + b"transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n"
    + SECOND,
    "unknown encoding": POST + b"transfer-encoding: xchunked\r\ncontent-length: 0\r\n\r\n" + SECOND,
    "encoding in quotes": POST + b'transfer-encoding: "chunked"\r\n\r\n0\r\n\r\n' + SECOND,
    "chunks not last": POST + b"transfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n" + SECOND,
    "chunk of a signed size": CHUNKED + b"+0\r\n\r\n" + SECOND,
    "chunk of a prefixed size": CHUNKED + b"0x0\r\n\r\n" + SECOND,
    "chunk of an endless size": CHUNKED + b"10000000000000000\r\n\r\n" + SECOND,
    "chunk longer than said": CHUNKED + b"1\r\nab\r\n0\r\n\r\n" + SECOND,
    "chunk without an end": CHUNKED + b"1\r\na0\r\n\r\n" + SECOND,
    "chunk extension with a line feed": CHUNKED + b"1;a\nb\r\na\r\n0\r\n\r\n" + SECOND,
    "chunks with bare line feeds": CHUNKED + b"1\na\n0\n\n" + SECOND,
    "encoding in version 1.0": POST.replace(b"1.1", b"1.0")
    + b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n"
    + SECOND,
    "two hosts": POST + b"host: y\r\n\r\n" + SECOND,
    "no host": b"POST /cart/first HTTP/1.1\r\n\r\n" + SECOND,
    "space in the target": b"POST /cart/first /cart/x HTTP/1.1\r\nhost: x\r\n\r\n" + SECOND,
    "no version": b"GET /cart/first\r\n\r\n" + SECOND,
    "other version": b"GET /cart/first HTTP/3.7\r\nhost: x\r\n\r\n" + SECOND,
    "name with a line feed": POST + b"content-len\ngth: 5\r\n\r\n" + SECOND,
    "line without a colon": POST + b"nonsense\r\n\r\n" + SECOND,
    "empty name": POST + b": x\r\n\r\n" + SECOND,
}


@pytest.mark.parametrize("shape", SHAPES)
async def test_doubtful_request_ends_the_connection_or_is_one(world: World, shape: str) -> None:
    # given
    host = await world.host("cart")
    await world.show(cart(host))
    # when
    async with world.connection() as (reader, writer):
        writer.write(SHAPES[shape])
        writer.write_eof()
        async with asyncio.timeout(10):
            with contextlib.suppress(ConnectionError):
                await reader.read()
    await world.get("/cart/after")
    # then
    assert [head for head in host.seen if b"get /cart/smuggled" in head] == []


async def test_what_is_two_requests_is_two(world: World) -> None:
    """The measure of the test above: this way a second request does come through."""
    # given
    host = await world.host("cart")
    await world.show(cart(host))
    # when
    async with world.connection() as (reader, writer):
        writer.write(CHUNKED + b"1\r\na\r\n0\r\n\r\n" + SECOND)
        assert await eventually(lambda: len(host.seen) == 2)
        assert (await reader.readuntil(b"\r\n")).split()[1] == b"200"
    # then
    assert host.bodies[0] == b"a"


async def test_trailers_and_extensions_do_not_reach_a_host(world: World) -> None:
    # given
    host = await world.host("cart")
    await world.show(cart(host))
    # when
    await world.raw(
        CHUNKED + b"1;x=y\r\na\r\n0\r\nhanse-context: evil\r\ncontent-length: 9\r\n\r\n"
    )
    # then
    assert host.bodies == [b"a"]
    assert b"evil" not in host.seen[0]


async def test_upstream_connections_carry_one_client_after_the_other_whole(world: World) -> None:
    """A body cut short must not leave a connection to a host whose next bytes are read as a request."""
    # given
    host = await world.host("cart")
    await world.show(cart(host))
    for _ in range(10):
        async with world.connection() as (_, writer):
            writer.write(POST + b"content-length: 500\r\n\r\n" + SECOND)
            await writer.drain()
        # when
        answer = await world.raw(request("/cart/next"))
        # then
        assert answer.body.startswith(b"GET /cart/next ")
    assert not [head for head in host.seen if b"get /cart/smuggled" in head]
