"""Hosts that are asked for their figures as the fleet asks: at a trusted door."""

from __future__ import annotations

from contextlib import AsyncExitStack

import msgspec
import pytest
import uvloop

from hanse import Host, HostConfig
from hanse.runtime.call.admission import Limits
from hanse.runtime.data.tests.servers import *  # noqa: F403  fixtures are found by being there
from hanse.runtime.figures.figures import Figures
from hanse.runtime.server.tests.desk import Desk, Gates
from hanse.runtime.server.tests.wire import Peer, get


def pytest_asyncio_loop_factories(config, item):
    return {"uvloop": uvloop.new_event_loop}


class Counted:
    """A host, and ways to ask it."""

    def __init__(self, host: Host, stack: AsyncExitStack) -> None:
        self.host = host
        self._stack = stack

    async def inside(self) -> Peer:
        assert self.host.config.socket is not None
        return await self._stack.enter_async_context(await Peer.unix(self.host.config.socket))

    async def gate(self) -> Peer:
        assert self.host.config.gate is not None
        return await self._stack.enter_async_context(await Peer.unix(self.host.config.gate))

    async def outside(self) -> Peer:
        return await self._stack.enter_async_context(await Peer.tcp(self.host))

    async def figures(self) -> Figures:
        answer = await (await self.inside()).ask(get("/figures"))
        assert answer.status == 200, answer
        return msgspec.json.decode(answer.body, type=Figures)


@pytest.fixture
def gates() -> Gates:
    return Gates()


@pytest.fixture
async def begin(tmp_path, gates):
    """Starts hosts: `begin(Desk, name="a", limits={…}, **config)`."""
    async with AsyncExitStack() as stack:

        async def begun(*services: type, name: str = "a", limits=None, **options) -> Counted:
            config = HostConfig(
                socket=tmp_path / f"{name}.sock",
                gate=tmp_path / f"{name}.gate",
                limits=Limits(**(limits or {})),
                **options,
            )
            host = Host(services or (Desk,), config, provided={Gates: gates})
            return Counted(await stack.enter_async_context(host), stack)

        yield begun
