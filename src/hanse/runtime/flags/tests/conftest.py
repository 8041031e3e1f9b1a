"""Worlds with a till."""

import pytest

from hanse.runtime.flags.tests.till import Till
from hanse.testing import World


@pytest.fixture
async def till():
    async with World(Till) as world:
        yield world
