"""Another release goes on with what an older one began, or holds it and says why."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from hanse.kit.clock import ManualClock
from hanse.runtime.contract.declaration import rpc
from hanse.runtime.contract.mistakes import DeclarationError
from hanse.runtime.contract.service import Service
from hanse.runtime.data.database import Database
from hanse.runtime.host import Host
from hanse.runtime.identity.permission import PUBLIC
from hanse.runtime.workflows.declaration import workflow
from hanse.runtime.workflows.failure import NonDeterminism, UnservedVersion
from hanse.runtime.workflows.info import Instance
from hanse.runtime.workflows.run import Run
from hanse.runtime.workflows.versions import dropped, living
from hanse.runtime.workflows.workflows import Workflows
from hanse.testing import World, acting, replay
from hanse.testing.world import MORNING

LOG: list[str] = []


class Trip(Service, package="trip.v1"):
    """What all releases have in common."""

    def __init__(self, workflows: Workflows) -> None:
        self.workflows = workflows

    @rpc(allow=PUBLIC)
    async def noop(self) -> None: ...

    async def pack(self) -> str:
        LOG.append("pack")
        return "packed"

    async def count(self) -> int:
        LOG.append("count")
        return 3

    async def drive(self) -> str:
        LOG.append("drive")
        return "driven"


async def old(self: Trip, run: Run) -> str:
    before = await run.step(self.pack)
    await run.sleep(timedelta(days=1))
    return f"{before} {await run.step(self.drive)}"


async def new(self: Trip, run: Run) -> str:
    before = await run.step(self.drive)
    await run.sleep(timedelta(days=1))
    return f"{before} {await run.step(self.pack)}"


async def shorter(self: Trip, run: Run) -> str:
    return await run.step(self.pack)


async def longer(self: Trip, run: Run) -> str:
    before = await run.step(self.pack)
    await run.sleep(timedelta(days=1))
    return f"{before} {await run.step(self.drive)} {await run.step(self.pack)}"


async def counting(self: Trip, run: Run) -> str:
    number = await run.step(self.count)
    await run.sleep(timedelta(days=1))
    return str(number)


async def counted(self: Trip, run: Run) -> str:
    """As `counting`, whose step gave something else then."""

    async def count() -> list[str]:
        return []

    await run.step(count)
    await run.sleep(timedelta(days=1))
    return ""


def release(**workflows: object) -> type[Trip]:
    return type("Trip", (Trip,), workflows, package="trip.v1")


class Releases:
    """One database, one clock, and one release after the other."""

    def __init__(self, database: Database) -> None:
        self.clock = ManualClock(MORNING)
        self.database = database

    async def run(
        self,
        service: type[Trip],
        *,
        days: int = 0,
        minutes: int = 0,
        start: str = "",
        see: str = "",
    ) -> Instance:
        self.clock.advance(timedelta(days=days, minutes=minutes))
        database = Database(self.database.config, self.clock)
        async with Host([service], provided={Database: database}, clock=self.clock) as host:
            trip = host._services[0]
            with acting():
                if start:
                    await trip.workflows.start(trip.go, id=start)
                await database.upkeep.catch_up()
                return await trip.workflows.get(trip.go, see or start)


@pytest.fixture
def releases(postgres: Database) -> Releases:
    LOG.clear()
    return Releases(postgres)


V1 = release(go=workflow(version=1)(old))
BOTH = release(go=workflow(version=1)(old), go_2=workflow(version=2, of="go")(new))
CHANGED = release(go=workflow(version=1)(new))
SHORTER = release(go=workflow(version=1)(shorter))
V1_COUNTED = release(go=workflow(version=1)(counted))
ONLY_NEW = release(go=workflow(version=2)(new))


async def test_an_instance_goes_on_with_its_version_and_new_ones_take_the_highest(
    releases: Releases,
) -> None:
    await releases.run(V1, start="first")
    second = await releases.run(BOTH, start="second")
    assert (second.version, second.state, LOG) == (2, "waiting", ["pack", "drive"])
    first = await releases.run(BOTH, days=1, see="first")
    assert (first.version, first.result) == (1, "packed driven")
    assert (await releases.run(BOTH, see="second")).result == "driven packed"
    assert sorted(LOG) == ["drive", "drive", "pack", "pack"]


@pytest.mark.parametrize(
    ("changed", "place", "expected", "found"),
    [(CHANGED, 0, "step pack", "step drive"), (SHORTER, 1, "sleep", "nothing more")],
)
async def test_another_sequence_of_steps_is_held_and_named(
    releases: Releases, changed: type[Trip], place: int, expected: str, found: str
) -> None:
    await releases.run(V1, start="first")
    held = await releases.run(changed, days=1, see="first")
    assert held.state == "held"
    error = held.error
    assert isinstance(error, NonDeterminism)
    assert (error.place, error.expected, error.found) == (place, expected, found)
    assert LOG == ["pack"], "nothing was done"


async def test_a_version_that_is_not_served_is_held_until_it_is(releases: Releases) -> None:
    await releases.run(V1, start="first")
    assert (await releases.run(ONLY_NEW, days=1, see="first")).state == "ready"
    held = await releases.run(ONLY_NEW, minutes=2, see="first")
    assert held.state == "held"
    assert isinstance(held.error, UnservedVersion)
    assert "Version 1 of trip.v1.Trip/Go is served by no host" in held.error.detail
    assert (await releases.run(BOTH, see="first")).result == "packed driven"


async def test_who_serves_nothing_of_it_holds_nothing_that_another_host_serves(
    releases: Releases,
) -> None:
    await releases.run(V1, start="first")
    database = Database(releases.database.config, releases.clock)
    async with Host([V1], provided={Database: database}, clock=releases.clock) as host:
        await database.upkeep.catch_up()
        host._services[0].workflows._engine.hot.most = 0  # it is there, and takes nothing
        assert (await releases.run(ONLY_NEW, days=2, see="first")).state == "ready"
    (row,) = await releases.database.fetch("select epoch from hanse.workflow")
    assert row["epoch"] == 1, "nobody has taken it meanwhile"


async def test_a_release_that_is_taken_back_goes_on_with_the_older_version_where_it_fits(
    releases: Releases,
) -> None:
    fits = release(go=workflow(version=1)(old), go_2=workflow(version=2, of="go")(longer))
    assert (await releases.run(fits, start="first")).version == 2
    await releases.run(BOTH, start="second")
    found = await releases.run(V1, days=1, minutes=2, see="first")
    assert (found.version, found.result) == (1, "packed driven")
    held = await releases.run(V1, see="second")
    assert held.state == "held"
    said = str(held.error)
    assert "Version 2" in said
    assert "Entry 0 of its journal is step drive, and the code asks for step pack" in said
    assert (await releases.run(BOTH, see="second")).result == "driven packed"


async def test_an_older_version_is_given_nothing_that_it_cannot_read(releases: Releases) -> None:
    one = release(go=workflow(version=1)(old), go_2=workflow(version=2, of="go")(counting))
    await releases.run(one, start="first")
    # As if its host had died before it wrote that it sleeps.
    await releases.database.execute("delete from hanse.journal where kind = 'sleep'")
    held = await releases.run(V1_COUNTED, days=1, minutes=2, see="first")
    assert held.state == "held"
    assert "fails with what steps gave" in str(held.error)
    assert LOG == ["count"]


async def test_what_a_release_would_drop_is_named(releases: Releases) -> None:
    await releases.run(V1, start="first")
    await releases.run(BOTH, start="second")
    assert await dropped(releases.database, [BOTH]) == []
    (one,) = await dropped(releases.database, [ONLY_NEW])
    assert (one.workflow, one.version, one.instances, one.hosts) == ("trip.v1.Trip/Go", 1, 1, 0)
    assert await dropped(releases.database, [Trip]) == await living(releases.database)


def test_mistakes_are_told_when_the_class_is_made() -> None:
    async def runless(self: Trip, order: str) -> str: ...
    async def untyped(self: Trip, run: Run, order: str): ...
    def plain(self: Trip, run: Run) -> None: ...

    with pytest.raises(DeclarationError) as told:
        release(
            runless=workflow(version=1)(runless),
            untyped=workflow(version=0)(untyped),
            plain=workflow(version=1)(plain),
        )
    said = str(told.value)
    for part in (
        "does not begin with its run",
        "versions begin with 1",
        "no async method",
        "no type",
    ):
        assert part in said


async def test_a_recorded_journal_is_replayed_and_nothing_is_done() -> None:
    recording = {
        "id": "019b78c9-0a80-72b6-9140-c37a9a691ba2",
        "workflow": "trip.v1.Trip/Go",
        "version": 1,
        "state": "waiting",
        "input": {},
        "entries": [
            {
                "place": place,
                "kind": kind,
                "name": name,
                "failed": failed,
                "attempt": 1,
                "value": value,
                "time": "2026-01-01T09:00:00Z",
            }
            for place, kind, name, failed, value in (
                (0, "step", "pack", False, "packed"),
                (1, "sleep", "", None, None),
            )
        ],
    }
    LOG.clear()
    for service, asked in ((V1, 1), (BOTH, 1)):
        async with World(service) as world:
            assert await replay(world, world.host._services[0].go, json.dumps(recording)) == asked
    async with World(CHANGED) as world:
        with pytest.raises(NonDeterminism, match="step pack"):
            await replay(world, world.host._services[0].go, json.dumps(recording))
    async with World(ONLY_NEW) as world:
        with pytest.raises(LookupError):
            await replay(world, world.host._services[0].go, json.dumps(recording))
    assert LOG == []


async def test_what_was_over_for_long_is_forgotten(releases: Releases) -> None:
    await releases.run(V1, start="first")
    await releases.run(V1, days=1, see="first")
    await releases.run(V1, days=31, start="second")
    rows = await releases.database.fetch("select key from hanse.workflow")
    assert [row["key"] for row in rows] == ["second"]
    rows = await releases.database.fetch("select count(*) from hanse.journal")
    assert rows[0][0] == 2
