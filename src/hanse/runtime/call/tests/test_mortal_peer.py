"""Peers in processes of their own that die without a word, and come back."""

import asyncio
import sys
from contextlib import AsyncExitStack

import pytest

from hanse import Host, HostConfig
from hanse.runtime.call.tests.peer_process import Mortal
from hanse.runtime.errors import Unavailable


class Peer:
    """A child process that serves `Mortal` on a socket."""

    def __init__(self, socket):
        self.socket = socket

    async def start(self):
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "hanse.runtime.call.tests.peer_process", str(self.socket),
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        await self.says("ready")

    async def says(self, word):
        async with asyncio.timeout(20):
            assert (await self.process.stdout.readline()).decode().strip() == word

    async def kill(self):
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


@pytest.fixture
async def peers(tmp_path):
    """Starts so many peers and a host that calls them."""
    stack = AsyncExitStack()

    async def start(count):
        made = [Peer(tmp_path / f"{number}.sock") for number in range(count)]
        for peer in made:
            stack.push_async_callback(peer.kill)
        await asyncio.gather(*(peer.start() for peer in made))
        addresses = tuple(f"unix:{peer.socket}" for peer in made)
        config = HostConfig(port=None, directory={"mortal.v1.Mortal": addresses})
        host = await stack.enter_async_context(Host([], config))
        return host.get(Mortal), made

    yield start
    await stack.aclose()


async def test_a_peer_that_dies_in_mid_answer_is_unavailable_and_comes_back(peers):
    mortal, [peer] = await peers(1)
    first = await mortal.pid()

    call = asyncio.create_task(mortal.hang())
    await peer.says("began")
    await peer.kill()

    with pytest.raises(Unavailable, match="mortal.v1.Mortal/Hang is out of reach"):
        await call
    with pytest.raises(Unavailable):
        await mortal.pid()

    await peer.start()
    assert await mortal.pid() not in {first, 0}


async def test_a_stream_whose_peer_dies_says_so(peers):
    mortal, [peer] = await peers(1)
    items = mortal.drip()
    assert await anext(items) == 1

    waiting = asyncio.ensure_future(anext(items))
    await peer.says("began")
    await peer.kill()

    with pytest.raises(Unavailable):
        await waiting


async def test_only_what_is_safe_to_repeat_is_repeated_elsewhere(peers):
    mortal, [one, two] = await peers(2)
    peer_of = {one.process.pid: one, two.process.pid: two}
    # First who gets the call is seen by who says so; the other one would answer it at once.
    call = asyncio.create_task(mortal.hang_safely(unless=one.process.pid))
    done, _ = await asyncio.wait([call], timeout=1)
    if not done:  # it went to two, which hangs
        await two.kill()
    assert await call == one.process.pid
    peer_of.pop(two.process.pid)


async def test_what_is_not_safe_is_not_repeated(peers):
    mortal, [one, two] = await peers(2)
    call = asyncio.create_task(mortal.hang())
    began = {asyncio.create_task(peer.process.stdout.readline()): peer for peer in (one, two)}
    [said], _ = await asyncio.wait(began, return_when=asyncio.FIRST_COMPLETED)
    hit = began[said]
    other = two if hit is one else one

    await hit.kill()

    with pytest.raises(Unavailable):
        await call
    # The other peer was never asked: it is there, and answers the next call first.
    assert await mortal.pid() == other.process.pid
    [silent] = [task for task, peer in began.items() if peer is other]
    assert not silent.done()
    silent.cancel()
