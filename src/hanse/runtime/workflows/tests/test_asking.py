"""What a step asks of a service is answered once under its key, by an error as well."""

from __future__ import annotations

import pytest

from hanse.runtime.contract.declaration import rpc
from hanse.runtime.contract.service import Service
from hanse.runtime.errors import Aborted, HanseError, Internal, NotFound, Unavailable
from hanse.runtime.identity.permission import PUBLIC
from hanse.runtime.workflows.declaration import workflow
from hanse.runtime.workflows.retry import Retry
from hanse.runtime.workflows.run import Run
from hanse.runtime.workflows.workflows import Workflows
from hanse.testing import World, acting

IN_VAIN = Retry(tries=3, first=0.01, on=(Internal, Unavailable, Aborted, NotFound))
ONCE = Retry(tries=1)


class Moods:
    """What the oracle says to those who ask next; it says yes after them."""

    def __init__(self) -> None:
        self.next: list[HanseError] = []
        self.asked = 0


class Oracle(Service, package="oracle.v1"):
    def __init__(self, moods: Moods) -> None:
        self._moods = moods

    @rpc(allow=PUBLIC)
    async def ask(self) -> str:
        self._moods.asked += 1
        if self._moods.next:
            raise self._moods.next.pop(0)
        return "yes"


class Pilgrim(Service, package="pilgrim.v1"):
    def __init__(self, oracle: Oracle, workflows: Workflows) -> None:
        self._oracle = oracle
        self.workflows = workflows

    @workflow(version=1)
    async def insist(self, run: Run) -> str:
        return await run.step(self._ask, retry=IN_VAIN)

    @workflow(version=1)
    async def come_again(self, run: Run) -> str:
        for _ in range(3):
            try:
                return await run.step(self._ask, retry=ONCE)
            except Internal:
                pass
        return "no"

    async def _ask(self) -> str:
        return await self._oracle.ask()


@pytest.fixture
def moods() -> Moods:
    return Moods()


@pytest.fixture
async def world(moods: Moods):
    async with World(Pilgrim, Oracle, provided={Moods: moods}) as world:
        with acting():
            yield world


async def outcome(world: World, of: str) -> str | HanseError:
    [pilgrim] = [one for one in world.host._services if isinstance(one, Pilgrim)]
    method = getattr(pilgrim, of)
    id = await pilgrim.workflows.start(method)
    for _ in range(4):
        await world.catch_up()
        world.clock.advance(1)
    found = await pilgrim.workflows.get(method, id)
    return found.error or found.result


@pytest.mark.parametrize("said", [Internal("Broken."), NotFound("No.")], ids=lambda one: one.code)
async def test_who_was_told_an_error_is_told_it_again_in_each_try(
    world: World, moods: Moods, said: HanseError
) -> None:
    moods.next = [said]
    found = await outcome(world, "insist")
    assert isinstance(found, type(said))
    assert moods.asked == 1


@pytest.mark.parametrize(
    "said", [Unavailable("Not now."), Aborted("Too many.")], ids=lambda one: one.code
)
async def test_what_may_pass_by_itself_is_asked_anew(
    world: World, moods: Moods, said: HanseError
) -> None:
    moods.next = [said, said]
    assert (await outcome(world, "insist"), moods.asked) == ("yes", 3)


async def test_another_step_asks_under_another_key(world: World, moods: Moods) -> None:
    moods.next = [Internal("Broken.")]
    assert (await outcome(world, "come_again"), moods.asked) == ("yes", 2)
