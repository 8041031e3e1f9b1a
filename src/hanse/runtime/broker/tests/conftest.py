"""A broker to test with, and streams in it."""

import asyncio
import os
import secrets

import pytest
import pytest_asyncio

from hanse.fleet.engine.brokers.tests.cluster import Cluster
from hanse.kit.clock import wait_set
from hanse.runtime.broker.broker import Broker
from hanse.runtime.broker.failures import BrokerAway
from hanse.runtime.broker.stream import EventStream
from hanse.testing.servers.nats_server import NatsServer, shared_broker

PATIENCE = float(os.environ.get("PATIENCE", "30"))


async def ensured(stream: EventStream):
    """Made as soon as brokers that have just begun have found each other."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await stream.ensure()
            except BrokerAway:
                await wait_set(asyncio.Event(), 0.02)


@pytest.fixture
def server():
    """One's own, to be stopped and killed."""
    with NatsServer() as own:
        yield own


@pytest.fixture(scope="session")
def regions(tmp_path_factory):
    """The brokers of four regions: three hold the streams, the fourth passes on."""
    with Cluster(tmp_path_factory.mktemp("regions"), 4) as cluster:
        yield cluster


@pytest_asyncio.fixture(params=["atomic", "older", "leaf"])
async def stream(request):
    """As servers make it that take many messages as one, as others do, and as regions have it."""
    is_leaf = request.param == "leaf"
    server = request.getfixturevalue("regions") if is_leaf else shared_broker()
    config = server.hosts("r4", request_timeout=2.0) if is_leaf else server.config()
    async with Broker(config) as broker:
        await broker.until_connected()
        made = EventStream(broker, f"events_{secrets.token_hex(6)}")
        await ensured(made)
        assert made.atomic or request.param == "older"
        made.atomic = request.param != "older"
        yield made
        await made.delete()
