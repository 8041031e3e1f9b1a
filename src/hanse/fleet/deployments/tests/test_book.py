"""What happens to a deployment is written down, whoever says it at once."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hanse import Collection, Principal
from hanse.fleet.control.staging.api import Order
from hanse.fleet.deployments.beginning import Placed
from hanse.fleet.deployments.book import Book
from hanse.fleet.deployments.deployer import Deployer
from hanse.fleet.deployments.record import Deployment, Task
from hanse.fleet.deployments.tests.test_rolling import Control
from hanse.testing import World
from hanse.testing.acting import acting


@pytest.fixture
async def book() -> AsyncIterator[Book]:
    async with World(Deployer, Control, provided={Placed: Placed("")}) as world:
        with acting(Principal("service", "deployer"), site="default"):
            book = Book(Collection(Deployment, world.database), world.clock)
            task = Task(order=Order(deployment="d1", changes=()))
            await book.add(Deployment(name="d1", groups=("shop",), services=(), task=task))
            yield book


async def test_none_of_what_many_say_at_once_is_lost(book: Book) -> None:
    await asyncio.gather(*(book.note("d1", f"{n}", stage="canary") for n in range(12)))

    found = await book.get("d1")

    assert {one.says for one in found.moments} == {f"{n}" for n in range(12)}


async def test_what_is_over_stays_so_whatever_is_said_too_late(book: Book) -> None:
    await book.note("d1", "It is over.", stage="over", state="aborted")

    await book.note("d1", "ada: pause", stage="canary", state="paused", by="ada")

    found = await book.get("d1")
    assert (found.state, found.stage, found.says) == ("aborted", "over", "It is over.")
    assert [one.says for one in found.moments] == ["It is over.", "ada: pause"]
