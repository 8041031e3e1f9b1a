"""An application that tells events, and receivers that listen for real."""

from collections.abc import AsyncIterator

import pytest

from hanse.runtime.webhooks.tests.receiver import Receiver
from hanse.runtime.webhooks.tests.yard import OPEN, Hooks, Yard
from hanse.testing import World


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        yield receiver


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with World(Yard, Hooks, settings=OPEN) as world:
        yield world
