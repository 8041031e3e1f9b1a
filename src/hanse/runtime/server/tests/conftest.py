"""A real host on uvloop, and raw connections to it."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest
import uvloop

from hanse import Host, HostConfig
from hanse.runtime.call.admission import Limits
from hanse.runtime.server.tests.desk import Desk, Gates
from hanse.runtime.server.tests.wire import Peer


def pytest_asyncio_loop_factories(config, item):
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
def gates() -> Gates:
    return Gates()


@pytest.fixture
async def serve(gates):
    """Starts hosts: `serve(limits={…}, **config)`."""
    async with AsyncExitStack() as stack:

        async def served(*, services=(Desk,), limits=None, **options) -> Host:
            config = HostConfig(limits=Limits(**(limits or {})), **options)
            host = Host(services, config, provided={Gates: gates})
            return await stack.enter_async_context(host)

        yield served


@pytest.fixture
async def host(serve) -> Host:
    return await serve()


@pytest.fixture
async def connect_to():
    """Opens raw connections and closes them at the end."""
    async with AsyncExitStack() as stack:

        async def connected(target, **options) -> Peer:
            if isinstance(target, Host):
                return await stack.enter_async_context(await Peer.tcp(target, **options))
            return await stack.enter_async_context(await Peer.unix(target))

        yield connected


@pytest.fixture
async def peer(host, connect_to) -> Peer:
    return await connect_to(host)
