"""Databases to test with, and a world of the service that a file tests."""

import pytest

from hanse.runtime.data.tests.servers import *  # noqa: F403  fixtures are found by being there
from hanse.testing import World, acting


@pytest.fixture
async def world(service):
    async with World(service) as world:
        with acting():
            yield world
