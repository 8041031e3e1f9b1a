"""A library beside a host, on a real PostgreSQL."""

import pytest_asyncio

from hanse.runtime.beside.tests.library import Library, Reminders, Returns
from hanse.runtime.data.tests.servers import *  # noqa: F403  fixtures are found by being there
from hanse.testing.servers.nats_server import shared_broker


@pytest_asyncio.fixture
async def library(postgres):
    """An app that emits and starts, beside a host that tells nobody of it: others do."""
    async with Library(postgres.config) as library:
        yield library


@pytest_asyncio.fixture
async def reading(postgres):
    """An app whose host handles what it tells."""
    broker = shared_broker().config()
    async with Library(postgres.config, Reminders, Returns, broker=broker) as library:
        yield library
