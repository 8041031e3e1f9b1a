"""Whoever holds an instance holds it alone, and holds up nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from hanse.runtime.data.database import Database
from hanse.runtime.leases.lease import Lease
from hanse.runtime.workflows.declaration import newest
from hanse.runtime.workflows.ended_sweep import EndedSweep
from hanse.runtime.workflows.engine.tasks import Tasks
from hanse.runtime.workflows.info import uuid_of
from hanse.runtime.workflows.journal.entry import Entry, Rest, Start, Write
from hanse.runtime.workflows.journal.starter import Starter
from hanse.runtime.workflows.journal.store import BEFORE, Store
from hanse.runtime.workflows.journal.writer import Writer
from hanse.runtime.workflows.limits.admission import Admission
from hanse.runtime.workflows.tables import make_tables
from hanse.runtime.workflows.tests.test_limits import Wharf
from hanse.testing.world import MORNING

LOAD = newest(Wharf.load)
SERVED = ((LOAD.name, LOAD.version),)
ENOUGH_SECONDS = 10


async def host_store(database: Database, name: str) -> Store:
    """What a host of that name that is alive asks of the tables."""
    await make_tables(database)
    assert await Lease(database, f"workflows {name}").take()
    return Store(database, f"workflows {name}")


def wanted(key: str, site: str = "default") -> Start:
    body = LOAD.write_input(("a", key), {})
    return Start(uuid_of(site, LOAD.name, key), site, *SERVED[0], key, "en", body)


@pytest.mark.parametrize("how", ["let in", "due again"])
async def test_what_one_host_runs_no_other_takes(postgres: Database, how: str) -> None:
    one, other = await host_store(postgres, "one"), await host_store(postgres, "other")
    start = wanted("a1")
    start.lane = "default a"
    await one.start([start])
    await one.cancel(start.id, "default", LOAD.name)
    assert len(await one.claim(SERVED, 10)) == 1, "who is canceled waits in no line"
    if how == "let in":
        admission = Admission(postgres)
        admission.serve(LOAD)
        await admission.admit()
        assert await postgres.fetch("select from hanse.workflow where admit_time is null")
    else:
        await postgres.execute("update hanse.workflow set wake_time = create_time")
    assert await other.next_due(SERVED) is None
    assert await other.claim(SERVED, 10) == []


class Asked(Store):
    """Notes when it was asked what is only locked."""

    times = 0

    async def held(self, batch: Sequence[Write]) -> set[UUID]:
        self.times += 1
        return await super().held(batch)


class Told:
    """What became of what was to be written or begun, in order."""

    def __init__(self) -> None:
        self.log: list[tuple[str, Any]] = []
        self._came = asyncio.Event()

    def start(self, key: str, site: str = "default") -> Start:
        start = wanted(key, site)
        start.held, start.done = True, lambda _, epoch: self.note(key, epoch)
        return start

    def write(self, start: Start, place: int, rest: Rest | None = None) -> Write:
        entry = Entry(place, "step", "note", False, 1, b"null", MORNING)
        said = f"{start.key} {place}"
        return Write(start.id, 1, lambda _, row: self.note(said, row is not None), [entry], rest)

    def note(self, what: str, how: Any) -> None:
        self.log.append((what, how))
        self._came.set()

    async def of(self, number: int) -> list[tuple[str, Any]]:
        async with asyncio.timeout(ENOUGH_SECONDS):
            while len(self.log) < number:
                self._came.clear()
                await self._came.wait()
        return self.log


@pytest.mark.parametrize(
    ("meanwhile", "kept"),
    [
        pytest.param(
            "update hanse.workflow set signals = signals + 1 where key = 'a'", True, id="signalled"
        ),
        pytest.param(
            "update hanse.workflow set epoch = epoch + 1 where key = 'a'", False, id="taken"
        ),
    ],
)
async def test_who_is_locked_holds_up_no_other_and_is_written_in_order(
    postgres: Database, meanwhile: str, kept: bool
) -> None:
    await host_store(postgres, "one")
    store, told = Asked(postgres, "workflows one"), Told()
    a, b = told.start("a"), told.start("b", "other")
    await store.start([a, b])
    writer = Writer(store, lambda: None)
    async with postgres.transaction():
        await postgres.execute(meanwhile)
        for write in (told.write(a, 0), told.write(b, 0)):
            writer.put(write)
        assert (await told.of(3))[2:] == [("b 0", True)]
        places = count(1)
        async with asyncio.timeout(ENOUGH_SECONDS):
            while store.times < 2:  # while it is locked it is tried more than once
                writer.put(told.write(b, next(places)))
                await told.of(len(told.log) + 1)
        assert {how for _, how in told.log[2:]} == {True}
        told.log.clear()
    writer.put(told.write(a, 1, Rest("done", output=b"1", time=MORNING)))
    assert await told.of(2) == [("a 0", kept), ("a 1", kept)]
    rows = await postgres.fetch("select from hanse.journal where workflow = $1", a.id)
    assert len(rows) == (2 if kept else 0)
    await writer.stop()


async def test_a_start_that_waits_for_a_transaction_holds_up_no_other(postgres: Database) -> None:
    store, told, tasks = await host_store(postgres, "one"), Told(), Tasks()
    starter = Starter(store, tasks.begin)
    async with postgres.transaction():
        await store.start([wanted("a")])
        starter.put(told.start("a"))
        starter.put(told.start("b", "other"))
        assert await told.of(1) == [("b", 1)]
    assert (await told.of(2))[1:] == [("a", BEFORE)]
    await starter.stop()
    await tasks.stop()


async def test_hosts_that_are_no_more_are_forgotten_when_nothing_is_theirs(
    postgres: Database,
) -> None:
    for name in ("alive", "gone", "owing"):
        store = await host_store(postgres, name)
    await store.start([Told().start("a")])
    await postgres.execute(
        "update hanse.lease set until_time = until_time - interval '2 days' where name <> $1",
        "workflows alive",
    )
    await EndedSweep(postgres).all_of_it()
    rows = await postgres.fetch("select name from hanse.lease order by name")
    assert [row["name"] for row in rows] == ["workflows alive", "workflows owing"]
