"""Whoever holds an instance holds it alone, and holds up nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from hanse.runtime.data.database import Database
from hanse.runtime.errors import Aborted
from hanse.runtime.leases.lease import Lease
from hanse.runtime.workflows.declaration import newest
from hanse.runtime.workflows.ended_sweep import EndedSweep
from hanse.runtime.workflows.engine.patience import patiently
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


FEW = 4
"""Connections of a host that many wait on."""


@pytest.fixture
async def narrow(postgres: Database):
    """The same database, with few connections."""
    config = replace(postgres.config, connections=FEW, wait_timeout=2.0)
    async with Database(config, postgres.clock) as database:
        yield database


async def test_starts_that_wait_for_a_transaction_leave_connections_to_others(
    postgres: Database, narrow: Database
) -> None:
    store, told, tasks = await host_store(narrow, "one"), Told(), Tasks()
    starter = Starter(store, tasks.begin)
    async with postgres.transaction():
        await Store(postgres, "other").start([wanted(str(key)) for key in range(3 * FEW)])
        for key in range(3 * FEW):
            starter.put(told.start(str(key)))
        starter.put(told.start("free"))
        assert await told.of(1) == [("free", 1)]
        for _ in range(FEW):
            await narrow.fetch("select 1")
    assert {how for _, how in (await told.of(1 + 3 * FEW))[1:]} == {BEFORE}
    await starter.stop()
    await tasks.stop()


async def test_children_that_wait_for_their_parent_leave_connections_to_others(
    postgres: Database, narrow: Database
) -> None:
    store = await host_store(narrow, "one")
    parent, children = wanted("parent"), [wanted(str(key)) for key in range(3 * FEW)]
    for one in children:
        one.parent, one.parent_place, one.held = parent.id, 0, True
    await store.start([parent, *children])
    rest = Rest("done", output=b"1", time=MORNING)

    async def end(one: Start) -> bool:
        return await patiently(lambda: store.end_child(one.id, 1, rest, b"1"))

    async with postgres.transaction():
        await postgres.execute("update hanse.workflow set signals = 1 where id = $1", parent.id)
        ends = [asyncio.create_task(end(one)) for one in children]
        for _ in range(FEW):
            await asyncio.sleep(0)
            await narrow.fetch("select 1")
        assert not any(one.done() for one in ends)
    assert all(await asyncio.gather(*ends))


async def test_a_transaction_that_waits_for_another_is_undone_and_comes_again(
    postgres: Database, narrow: Database
) -> None:
    store, start = await host_store(narrow, "one"), wanted("a")
    start.held = True
    await store.start([start])
    entry = Entry(0, "transaction", "note", False, 1, b"null", MORNING)
    async with postgres.transaction():
        await postgres.execute("update hanse.workflow set signals = 1 where id = $1", start.id)
        with pytest.raises(Aborted):
            async with narrow.transaction():
                await store.keep(start.id, 1, entry)
    async with narrow.transaction():
        assert await store.keep(start.id, 1, entry)


async def test_a_lease_that_is_over_far_later_than_any_lasts_is_of_nobody(
    postgres: Database,
) -> None:
    one, other = await host_store(postgres, "one"), await host_store(postgres, "other")
    start = wanted("a")
    await one.start([start])
    await postgres.execute("update hanse.workflow set wake_time = create_time")
    assert len(await one.claim(SERVED, 10)) == 1
    assert await other.free(10) == 0
    await postgres.execute(
        "update hanse.lease set until_time = until_time + interval '1 year' where name = $1",
        "workflows one",
    )
    assert await other.free(10) == 1
    assert [row["epoch"] for row in await other.claim(SERVED, 10)] == [3]
