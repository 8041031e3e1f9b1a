"""What comes to an instance in the middle of something else is neither lost nor mistaken."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from hanse.runtime.contract.declaration import rpc
from hanse.runtime.contract.service import Service
from hanse.runtime.data.database import Database
from hanse.runtime.data.record import Record
from hanse.runtime.errors import Unavailable
from hanse.runtime.host import Host
from hanse.runtime.identity.permission import PUBLIC
from hanse.runtime.workflows.declaration import newest, workflow
from hanse.runtime.workflows.failure import WorkflowCanceled
from hanse.runtime.workflows.info import uuid_of
from hanse.runtime.workflows.journal.statements import (
    CANCEL,
    END_CHILD,
    JOURNALS,
    SIGNALS,
    START,
    WRITE,
)
from hanse.runtime.workflows.retry import Retry
from hanse.runtime.workflows.run import Run
from hanse.runtime.workflows.workflows import Workflows
from hanse.testing import acting

Step = Callable[..., Awaitable[None]]


class Crossed(Database):
    """Has something happen before a statement is sent, or before it is known what came of it."""

    before: dict[str, Step]
    after: dict[str, Step]

    async def fetch(self, text: str, *arguments: Any) -> list[Record]:
        if text in self.before:
            await self.before[text](*arguments)
        rows = await super().fetch(text, *arguments)
        if text in self.after:
            await self.after[text](*arguments)
        return rows


class Crew(Service, package="crew.v1"):
    def __init__(self, workflows: Workflows) -> None:
        self.workflows = workflows
        self.log: list[str] = []
        self.land, self.ending = asyncio.Event(), asyncio.Event()

    @rpc(allow=PUBLIC)
    async def noop(self) -> None: ...

    async def row(self, name: str) -> None:
        self.log.append(name)

    async def sail(self) -> None:
        await self.land.wait()

    async def refuse(self) -> None:
        self.log.append("refused")
        raise Unavailable("Come again.")

    @workflow(version=1)
    async def watch(self, run: Run) -> None:
        await asyncio.gather(run.child(self.hand, "ann"), run.child(self.hand, "bob"))

    @workflow(version=1)
    async def hand(self, run: Run, name: str) -> None:
        await run.step(self.row, name)
        await run.signal("rest", int)

    @workflow(version=1)
    async def captain(self, run: Run) -> None:
        await run.child(self.pilot)

    @workflow(version=1)
    async def pilot(self, run: Run) -> None:
        await run.step(self.sail)
        await run.signal("rest", int)

    @workflow(version=1)
    async def cook(self, run: Run) -> int | None:
        found = await run.signal("meal", int)
        self.ending.set()
        return found

    @workflow(version=1)
    async def beggar(self, run: Run) -> None:
        await run.step(self.refuse, retry=Retry(first=600))


@pytest.fixture
async def database(postgres: Database):
    database = Crossed(postgres.config, postgres.clock)
    database.before, database.after = {}, {}
    async with database:
        yield database


@pytest.fixture
async def crew(database: Crossed):
    async with Host([Crew], clock=database.clock, provided={Database: database}) as host:
        await database.upkeep.catch_up()
        with acting():
            yield host._services[0]


def id_of(method: Any, key: str) -> UUID:
    return uuid_of("default", newest(method).name, key)


async def test_a_child_that_ends_while_its_parent_cancels_it_wakes_that(
    database: Crossed, crew: Crew
) -> None:
    flows, catch_up = crew.workflows, database.upkeep.catch_up
    watch = await flows.start(crew.watch, id="watch")
    await catch_up()
    uuid, over = id_of(crew.watch, watch), asyncio.Event()
    second, ended = id_of(crew.hand, f"{uuid}.1"), list[UUID]()

    async def child_ended(id: UUID, *_: Any) -> None:
        ended.append(id)
        if len(ended) == 2:
            over.set()

    async def canceled(id: UUID, *_: Any) -> None:
        if id == second:
            await over.wait()
            parent = flows._engine.hot.get(uuid)
            assert parent is not None
            await parent.look()  # as it does for the other child, some time before or after

    database.after = {END_CHILD: child_ended, CANCEL: canceled}
    await flows.cancel(crew.watch, watch)
    await catch_up()
    assert (await flows.get(crew.watch, watch)).state == "canceled"


async def test_a_child_of_whose_beginning_nobody_was_told_is_canceled_too(
    database: Crossed,
) -> None:
    uuid, begun = id_of(Crew.captain, "captain"), asyncio.Event()
    child = f"{uuid}.0"

    def begins_child(columns: tuple[Any, ...]) -> bool:
        return id_of(Crew.pilot, child) in columns[0]

    with acting():
        async with Host([Crew], clock=database.clock, provided={Database: database}) as dying:
            first = dying._services[0].workflows

            async def canceled(*columns: Any) -> None:
                if begins_child(columns):
                    await first.cancel(Crew.captain, "captain")

            async def unheard(*columns: Any) -> None:
                if begins_child(columns):
                    begun.set()
                    raise Unavailable("Come again.")

            database.before, database.after = {START: canceled}, {START: unheard}
            await first.start(Crew.captain, id="captain")
            await begun.wait()
        database.before, database.after = {}, {}
        async with Host([Crew], clock=database.clock, provided={Database: database}) as host:
            host._services[0].land.set()
            flows = host._services[0].workflows
            with pytest.raises(WorkflowCanceled):
                await flows.result(Crew.captain, "captain")
            assert (await flows.get(Crew.pilot, child)).state == "canceled"


async def test_who_ends_is_not_kept_by_what_comes_meanwhile(database: Crossed, crew: Crew) -> None:
    flows = crew.workflows
    cook = await flows.start(crew.cook, id="cook")
    await database.upkeep.catch_up()
    writing, written = asyncio.Event(), asyncio.Event()

    async def another(*_: Any) -> None:
        writing.set()
        await written.wait()

    database.before = {WRITE: another}
    await flows.start(crew.hand, "ann")
    await writing.wait()  # so that what the cook does has to wait for that
    await flows.signal(crew.cook, cook, "meal", 7)
    await crew.ending.wait()
    ending = flows._engine.hot.get(id_of(crew.cook, cook))
    assert ending is not None
    await ending.look()  # as it does for a signal that came before
    written.set()
    assert await flows.result(crew.cook, cook) == 7
    assert (await flows.get(crew.cook, cook)).state == "done"


async def test_whose_child_tells_first_that_all_are_canceled_is_canceled_too(
    database: Crossed, crew: Crew
) -> None:
    flows, uuid = crew.workflows, id_of(crew.captain, "captain")
    rested, reading, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def wrote(*columns: Any) -> None:
        if uuid in columns[10]:
            rested.set()

    async def told(*_: Any) -> None:
        ended.set()

    async def read(ids: list[UUID], *_: Any) -> None:
        if uuid in ids:
            reading.set()
            await ended.wait()

    database.after, database.before = {WRITE: wrote, END_CHILD: told}, {SIGNALS: read}
    captain = await flows.start(crew.captain, id="captain")
    await rested.wait()
    await flows.signal(crew.captain, captain, "news", 1)
    await reading.wait()  # it was claimed before anybody canceled it
    await flows.cancel(crew.captain, captain)
    crew.land.set()
    with pytest.raises(WorkflowCanceled):
        await flows.result(crew.captain, captain)
    assert (await flows.get(crew.captain, captain)).state == "canceled"


async def test_who_waits_for_another_try_is_canceled_at_once(database: Crossed, crew: Crew) -> None:
    flows, catch_up = crew.workflows, database.upkeep.catch_up
    beggar = await flows.start(crew.beggar)
    await catch_up()
    await flows.cancel(crew.beggar, beggar)
    await catch_up()
    assert (await flows.get(crew.beggar, beggar)).state == "canceled"
    assert crew.log == ["refused"]


@pytest.fixture
async def alone(database: Crossed):
    """The same crew, of which nothing goes on by itself."""
    flows = Workflows(database)
    crew = Crew(flows)
    for method in (Crew.cook, Crew.hand):
        flows.serve(crew, newest(method))
    await flows._prepare()
    keeping = asyncio.create_task(flows._engine.lease.keep())
    await flows._engine.lease.until_held()
    with acting():
        yield crew
    keeping.cancel()
    await flows._engine.stop()


async def all_of_it(flows: Workflows) -> None:
    while await flows._engine.once():
        pass


async def test_what_was_taken_and_could_not_be_read_is_taken_again(
    database: Crossed, alone: Crew
) -> None:
    flows = alone.workflows
    cook = await flows.start(alone.cook)
    await all_of_it(flows)

    async def away(*_: Any) -> None:
        del database.before[JOURNALS]
        raise Unavailable("Come again.")

    database.before = {JOURNALS: away}
    await flows.signal(alone.cook, cook, "meal", 7)
    with pytest.raises(Unavailable):
        await flows._engine.once()
    await all_of_it(flows)
    assert (await flows.get(alone.cook, cook)).result == 7


async def test_what_begins_is_not_given_back_before_that_is_known(
    database: Crossed, alone: Crew
) -> None:
    flows, begun, told = alone.workflows, asyncio.Event(), asyncio.Event()

    async def late(*_: Any) -> None:
        begun.set()
        await told.wait()

    database.after = {START: late}
    starting = asyncio.create_task(flows.start(alone.hand, "ann"))
    await begun.wait()
    flows._engine.doubt.note()  # as where the answer to another start is lost
    await all_of_it(flows)
    told.set()
    await starting
    await all_of_it(flows)
    assert alone.log == ["ann"]
