"""The calling end of a link, against hosts that keep silent, refuse or talk nonsense."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress

import msgspec
import pytest

from hanse import PUBLIC, Contract, DeadlineExceeded, Host, HostConfig, Unavailable, rpc
from hanse.kit.http import Address, ConnectionFailed
from hanse.runtime.remote.frames import Answer, FrameReader, Stop
from hanse.runtime.remote.link import open_link

PATIENCE = 10
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: hanse-link\r\n\r\n"


class Oracle(Contract, package="oracle.v1"):
    """Somebody to ask."""

    @rpc(allow=PUBLIC)
    async def tell(self) -> str:
        """Answers."""
        ...  # noqa: PIE790 - what makes it a declaration for type checkers

    @rpc(allow=PUBLIC, timeout=0.5)
    async def ask(self) -> str:
        """Answers."""
        ...  # noqa: PIE790 - what makes it a declaration for type checkers


def framed(frame) -> bytes:
    body = msgspec.msgpack.encode(frame)
    return len(body).to_bytes(4, "big") + body


@pytest.fixture
async def oracle(tmp_path):
    """Starts a raw peer that treats each connection as told, and gives the contract behind it."""
    stack = AsyncExitStack()

    async def start(treat):
        path = tmp_path / "oracle.sock"

        treating = []

        async def treated(reader, writer):
            treating.append(asyncio.current_task())
            with suppress(ConnectionError):
                await treat(reader, writer)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

        async def finished():
            await asyncio.wait_for(asyncio.gather(*treating), PATIENCE)

        stack.push_async_callback(finished)
        server = await asyncio.start_unix_server(treated, path)
        stack.callback(server.close)
        config = HostConfig(port=None, directory={"oracle.v1.Oracle": (f"unix:{path}",)})
        host = await stack.enter_async_context(Host([], config))
        return host.get(Oracle), Address(f"unix:{path}")

    yield start
    await stack.aclose()


async def greeted(reader, writer) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(SWITCH)


async def test_a_peer_that_does_not_answer_is_not_asked_again_on_the_same_link(oracle):
    links, stopped = [], asyncio.Event()

    async def silent(reader, writer):
        links.append(writer)
        await greeted(reader, writer)
        frames = FrameReader(10_000)
        while data := await reader.read(10_000):
            if any(isinstance(frame, Stop) for frame in frames.feed(data)):
                stopped.set()
        stopped.set()

    someone, _ = await oracle(silent)
    for _ in range(2):
        with pytest.raises(DeadlineExceeded):
            await someone.ask()
        await asyncio.wait_for(stopped.wait(), PATIENCE)
    assert len(links) == 2


async def test_a_peer_that_answers_others_keeps_its_link(oracle):
    links = []

    async def choosy(reader, writer):
        """Answers every other call."""
        links.append(writer)
        await greeted(reader, writer)
        frames = FrameReader(10_000)
        while data := await reader.read(10_000):
            for frame in frames.feed(data):
                if not isinstance(frame, Stop) and frame.id % 2:
                    writer.write(framed(Answer(frame.id, b'{"value":"yes"}')))

    someone, _ = await oracle(choosy)
    outcomes = await asyncio.gather(*(someone.ask() for _ in range(4)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [DeadlineExceeded, str] * 2
    assert len(links) == 1
    with pytest.raises(DeadlineExceeded):
        await someone.ask()


async def test_who_accepts_and_says_nothing_is_given_up_on(oracle):
    async def mute(reader, writer):
        await reader.read(-1)

    _, address = await oracle(mute)
    with pytest.raises(ConnectionFailed, match="does not answer") as caught:
        await open_link(address, None, patience=0.05)
    assert not caught.value.sent


async def test_who_goes_away_in_the_greeting_is_out_of_reach(oracle):
    async def rude(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 1")

    someone, _ = await oracle(rude)
    with pytest.raises(Unavailable, match="out of reach"):
        await someone.tell()


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\xff\xff\xff\xff",
        framed([9]),
        framed(Stop(0)),
        framed({"a": 1}),
        b"HTTP/1.1 200 OK\r\n\r\n",
    ],
    ids=["huge", "no such frame", "a caller's frame", "an object", "http"],
)
async def test_who_talks_nonsense_is_left_and_said_to_be_out_of_reach(oracle, nonsense):
    async def mad(reader, writer):
        await greeted(reader, writer)
        await reader.read(1)
        writer.write(nonsense)
        await reader.read(-1)

    someone, _ = await oracle(mad)
    with pytest.raises(Unavailable, match="out of reach"):
        await someone.tell()


async def test_who_knows_no_links_is_called_over_http(oracle):
    asked = []

    async def old(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head.partition(b" HTTP")[0])
        if head.startswith(b"GET"):
            writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
        else:
            writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n{"value":"yes"}')
        await reader.read(-1)

    someone, _ = await oracle(old)
    assert await someone.tell() == "yes"
    assert asked == [b"GET /hanse.link", b"POST /oracle.v1.Oracle/Tell"]
