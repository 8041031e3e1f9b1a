"""A broker to test with, and streams in it."""

import secrets

import pytest
import pytest_asyncio

from hanse.runtime.broker.broker import Broker
from hanse.runtime.broker.stream import EventStream
from hanse.testing.servers.nats_server import NatsServer, shared_broker


@pytest.fixture
def server():
    """One's own, to be stopped and killed."""
    with NatsServer() as own:
        yield own


@pytest_asyncio.fixture
async def broker():
    async with Broker(shared_broker().config()) as opened:
        await opened.until_connected()
        yield opened


@pytest_asyncio.fixture(params=[True, False], ids=["atomic", "older"])
async def stream(broker, request):
    """As servers make it that take many messages as one, and as others do."""
    made = EventStream(broker, f"events_{secrets.token_hex(6)}")
    await made.ensure()
    assert made.atomic or not request.param
    made.atomic = request.param
    yield made
    await made.delete()
