"""What is asked in turn, as control runs it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hanse.fleet.control.turns import Turns


@pytest.fixture
async def turns() -> AsyncIterator[Turns]:
    made = Turns()
    task = asyncio.create_task(made.run())
    yield made
    task.cancel()
