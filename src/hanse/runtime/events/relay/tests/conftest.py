"""Databases and brokers to test with."""

import pytest_asyncio

from hanse.runtime.broker.broker import Broker
from hanse.runtime.broker.tests.conftest import server  # noqa: F401  fixtures are found by being there
from hanse.runtime.data.tests.servers import *  # noqa: F403  as above
from hanse.testing.servers.nats_server import shared_broker


@pytest_asyncio.fixture
async def broker():
    async with Broker(shared_broker().config()) as opened:
        await opened.until_connected()
        yield opened
