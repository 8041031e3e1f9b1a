"""What workflows wait for, what they have others do, and what they take back."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Annotated

import pytest
from msgspec import Struct

from hanse.runtime.contract.declaration import rpc
from hanse.runtime.contract.service import Service
from hanse.runtime.data.entity.marks import Personal
from hanse.runtime.data.tests.servers import PATIENCE
from hanse.runtime.errors import FailedPrecondition, InvalidArgument, NotFound, Unavailable
from hanse.runtime.identity.permission import PUBLIC
from hanse.runtime.workflows.declaration import workflow
from hanse.runtime.workflows.failure import StepFailed, WorkflowCanceled
from hanse.runtime.workflows.run import Run
from hanse.runtime.workflows.workflows import Workflows
from hanse.testing import World, acting


class Sated(FailedPrecondition):
    """Of another service, that has the same word for it."""

    code = "full"


class Full(FailedPrecondition):
    code = "full"


class Guest(Struct, frozen=True):
    email: Annotated[str, Personal(erase="field")] = ""


async def hung_up() -> None:
    """Waits for what somebody cancels."""
    waiting = asyncio.get_running_loop().create_future()
    waiting.cancel()
    await waiting


class Travel(Service, package="travel.v1"):
    """Books what it can, and gives it back where the whole cannot be."""

    def __init__(self, workflows: Workflows) -> None:
        self.workflows = workflows
        self.log: list[str] = []
        self.broken: set[str] = set()

    @rpc(allow=PUBLIC)
    async def noop(self) -> None: ...

    async def book(self, what: str) -> str:
        if what in self.broken:
            raise Full("No more.")
        self.log.append(f"book {what}")
        return f"ticket {what}"

    async def hang_up(self) -> None:
        await hung_up()

    async def cancel(self, ticket: str) -> None:
        self.log.append(f"cancel {ticket}")
        if ticket in self.broken:
            self.broken.discard(ticket)
            raise Unavailable("Come again.")

    @workflow(version=1)
    async def trip(self, run: Run) -> str:
        for what in ("train", "hotel", "car"):
            await run.step(self.book, what, undo=self.cancel)
        return "booked"

    @workflow(version=1)
    async def call_up(self, run: Run, where: str) -> str:
        if where == "beside":
            await hung_up()
        try:
            await run.step(self.hang_up)
        except StepFailed:
            return "nobody is there"
        return "well"

    @workflow(version=1)
    async def ask(self, run: Run, hours: int = 0) -> tuple[int, ...]:
        limit = timedelta(hours=hours) if hours else None
        first = await run.signal("answer", int, timeout=limit)
        second = await run.signal("answer", int, timeout=limit)
        return tuple(-1 if one is None else one for one in (first, second))

    @workflow(version=1)
    async def family(self, run: Run) -> str:
        booked = await run.step(self.book, "house", undo=self.cancel)
        kids = await asyncio.gather(run.child(self.kid, "ada"), run.child(self.kid, "eve"))
        return f"{booked}, {', '.join(kids)}"

    @workflow(version=1)
    async def kid(self, run: Run, name: str) -> str:
        await run.step(self.book, name, undo=self.cancel)
        return f"{name} is {await run.signal('size', str)}"

    @workflow(version=1)
    async def tangled(self, run: Run) -> None:
        async def two() -> None:
            await run.step(self.book, "one")
            await run.step(self.book, "two")

        await asyncio.gather(two(), two())

    @workflow(version=1)
    async def buggy(self, run: Run) -> None:
        await run.step(self.bug)

    @workflow(version=1)
    async def told(self, run: Run) -> None:
        await run.signal("guest", Guest)

    @workflow(version=1)
    async def wild(self, run: Run, word: str) -> None:
        self.log.append("wild")
        await run.signal(word, str)

    @workflow(version=1)
    async def odd(self, run: Run) -> None:
        raise Full("no \ud800")

    async def bug(self) -> None:
        raise ZeroDivisionError


@pytest.fixture
def service() -> type[Travel]:
    return Travel


@pytest.fixture
def travel(world: World) -> Travel:
    return world.host._services[0]


async def test_what_fails_is_undone_the_last_first(world: World, travel: Travel) -> None:
    travel.broken = {"car", "ticket hotel"}
    started = await travel.workflows.start(travel.trip)
    for _ in range(2):
        await world.catch_up()
        world.clock.advance(10)
    await world.catch_up()
    found = await travel.workflows.get(travel.trip, started)
    assert (found.state, type(found.error)) == ("failed", Full)
    assert travel.log == [
        "book train",
        "book hotel",
        *["cancel ticket hotel"] * 2,
        "cancel ticket train",
    ]


async def test_a_step_that_waits_for_what_was_cancelled_has_failed(travel: Travel) -> None:
    started = await travel.workflows.start(travel.call_up, "in a step")
    result = travel.workflows.result(travel.call_up, started)
    assert await asyncio.wait_for(result, PATIENCE) == "nobody is there"


async def test_a_workflow_that_waits_for_what_was_cancelled_has_failed(travel: Travel) -> None:
    """It would stand there as running, and nothing would run."""
    started = await travel.workflows.start(travel.call_up, "beside")
    with pytest.raises(StepFailed):
        await asyncio.wait_for(travel.workflows.result(travel.call_up, started), PATIENCE)


async def test_of_many_at_once_each_does_its_own_once(world: World, travel: Travel) -> None:
    started = await travel.workflows.start_many(travel.kid, [(f"kid {n}",) for n in range(60)])
    await world.catch_up()
    for one in started:
        await travel.workflows.signal(travel.kid, one, "size", "small")
    for n, one in enumerate(started):
        assert await travel.workflows.result(travel.kid, one) == f"kid {n} is small"
    assert sorted(travel.log) == sorted(f"book kid {n}" for n in range(60))


async def test_signals_are_taken_once_and_in_order(world: World, travel: Travel) -> None:
    flows = travel.workflows
    await flows.start(travel.ask, id="a")
    await flows.signal(travel.ask, "a", "answer", 1)
    await flows.signal(travel.ask, "a", "other", 7)
    await world.catch_up()
    assert (await flows.get(travel.ask, "a")).state == "waiting"
    await flows.signal(travel.ask, "a", "answer", 2)
    assert await flows.result(travel.ask, "a") == (1, 2)
    with pytest.raises(NotFound):
        await flows.signal(travel.ask, "a", "answer", 3)
    with pytest.raises(InvalidArgument):
        await flows.signal(travel.ask, "a", ":child 0", 3)


async def test_what_is_personal_is_neither_sent_to_what_is_of_nobody_nor_waited_for(
    world: World, travel: Travel
) -> None:
    flows = travel.workflows
    await flows.start(travel.ask, id="a")
    guest = Guest("ada@example.org")
    for value, why in (
        (guest, "email is personal, and nothing says whose"),
        ([guest], "inside of a list or map"),
        ({"guest": (guest,)}, "inside of a list or map"),
    ):
        with pytest.raises(InvalidArgument, match=why):
            await flows.signal(travel.ask, "a", "answer", value)
    await flows.start(travel.told, id="b")
    await world.catch_up()
    found = await flows.get(travel.told, "b")
    assert isinstance(found.error, InvalidArgument)
    assert "@workflow(…, person=" in found.error.detail


async def test_a_signal_that_does_not_come_in_time(world: World, travel: Travel) -> None:
    flows = travel.workflows
    await flows.start(travel.ask, 2, id="a")
    await world.catch_up()
    world.clock.advance(timedelta(hours=2))
    await world.catch_up()
    await flows.signal(travel.ask, "a", "answer", 5)
    assert await flows.result(travel.ask, "a") == (-1, 5)


async def test_children_run_side_by_side_and_tell_their_parent(
    world: World, travel: Travel
) -> None:
    flows = travel.workflows
    started = await flows.start(travel.family)
    await world.catch_up()
    for place, size in ((1, "small"), (2, "tall")):
        await flows.signal(travel.kid, f"{started}.{place}", "size", size)
    assert await flows.result(travel.family, started) == "ticket house, ada is small, eve is tall"
    assert travel.log == ["book house", "book ada", "book eve"]


async def test_who_is_canceled_undoes_its_children_first(world: World, travel: Travel) -> None:
    flows = travel.workflows
    started = await flows.start(travel.family)
    await world.catch_up()
    assert await flows.cancel(travel.family, started)
    with pytest.raises(WorkflowCanceled):
        await flows.result(travel.family, started)
    assert (await flows.get(travel.family, started)).state == "canceled"
    assert (await flows.get(travel.kid, f"{started}.1")).state == "canceled"
    assert travel.log[3:5] in (
        ["cancel ticket ada", "cancel ticket eve"],
        ["cancel ticket eve", "cancel ticket ada"],
    )
    assert travel.log[5:] == ["cancel ticket house"]
    assert not await flows.cancel(travel.family, started)


async def test_another_site_reaches_none_of_it(world: World, travel: Travel) -> None:
    flows = travel.workflows
    started = await flows.start(travel.ask)
    with acting(site="other"):
        assert not await flows.cancel(travel.ask, started)
        for ask in (flows.get(travel.ask, started), flows.signal(travel.ask, started, "answer", 1)):
            with pytest.raises(NotFound):
                await ask


async def test_branches_of_several_steps_are_held(world: World, travel: Travel) -> None:
    started = await travel.workflows.start(travel.tangled)
    await world.catch_up()
    found = await travel.workflows.get(travel.tangled, started)
    assert found.state == "held"
    assert "make a child" in found.error.detail


async def test_a_fault_of_a_step_says_nothing_of_itself(world: World, travel: Travel) -> None:
    started = await travel.workflows.start(travel.buggy)
    with pytest.raises(StepFailed):
        await travel.workflows.result(travel.buggy, started)


async def test_what_cannot_be_written_is_held_and_not_run_for_ever(
    world: World, travel: Travel
) -> None:
    flows = travel.workflows
    started = await flows.start(travel.wild, "a\0b")
    for _ in range(3):
        await world.catch_up()
    found = await flows.get(travel.wild, started)
    assert (found.state, travel.log) == ("held", ["wild"])
    assert "broke off" in found.error.detail


async def test_an_error_that_has_no_form_ends_it_as_its_kind(world: World, travel: Travel) -> None:
    started = await travel.workflows.start(travel.odd)
    with pytest.raises(FailedPrecondition, match="cannot be written"):
        await travel.workflows.result(travel.odd, started)
