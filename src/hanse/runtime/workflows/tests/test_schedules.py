"""Workflows that begin by the clock, in any time zone, whatever was missed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from hanse.kit.clock import ManualClock
from hanse.runtime.call.context import running
from hanse.runtime.contract.declaration import rpc
from hanse.runtime.contract.mistakes import DeclarationError
from hanse.runtime.contract.rules import Instant
from hanse.runtime.contract.service import Service
from hanse.runtime.data.database import Database
from hanse.runtime.host import Host
from hanse.runtime.identity.permission import PUBLIC
from hanse.runtime.workflows.declaration import workflow
from hanse.runtime.workflows.run import Run
from hanse.runtime.workflows.schedules.schedule import Schedule
from hanse.runtime.workflows.workflows import Workflows
from hanse.testing import acting


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Clockwork(Service, package="clock.v1"):
    def __init__(self) -> None:
        self.log: list[str] = []

    @rpc(allow=PUBLIC)
    async def noop(self) -> None: ...

    @workflow(version=1, schedule=Schedule("30 2 * * *", zone="Europe/Berlin"))
    async def nightly(self, run: Run, due: Instant) -> None:
        await run.step(self.note, f"nightly {due:%d %H:%M}")

    @workflow(version=1, schedule=Schedule("0 9 * * *", missed="all"))
    async def each(self, run: Run, due: Instant) -> None:
        await run.step(self.note, f"each {due:%d}")

    @workflow(version=1, schedule=Schedule("0 9 * * *", missed="skip"))
    async def fresh(self, run: Run) -> None:
        await run.step(self.note, "fresh")

    async def note(self, what: str) -> None:
        self.log.append(what)


async def test_each_begins_when_it_is_due_and_what_was_missed_as_it_says(
    postgres: Database,
) -> None:
    clock = ManualClock(at("2026-06-01T08:00"))
    databases = [Database(postgres.config, clock) for _ in range(2)]
    hosts = [Host([Clockwork], clock=clock, provided={Database: one}) for one in databases]
    async with hosts[0], hosts[1]:
        logs = [host._services[0].log for host in hosts]

        async def begun_after(**time: int) -> list[str]:
            clock.advance(timedelta(**time))
            for log in logs:
                log.clear()
            for database in databases * 2:  # what one begins the other may have taken
                await database.upkeep.catch_up()
            return sorted(logs[0] + logs[1])

        assert await begun_after(hours=0) == []
        assert await begun_after(hours=1) == ["each 01", "fresh"], "of two hosts one begins it"
        missed = await begun_after(days=3, hours=1)
        assert missed == ["each 02", "each 03", "each 04", "nightly 04 00:30"]


class Tenants(Service, package="tenants.v1"):
    def __init__(self, database: Database) -> None:
        self.database = database
        self.log: list[tuple[str, str]] = []
        self.names = ["north", "south", "a b", "north"]
        self.broken = True

    async def tenants(self) -> list[str]:
        if self.broken:
            self.broken = False
            raise LookupError("Not now.")
        return self.names

    @workflow(version=1, schedule=Schedule("0 9 * * *", missed="all", sites=tenants))
    async def bill(self, run: Run, due: Instant) -> None:
        await run.step(self.note, f"bill {due:%d}")

    @workflow(version=1, schedule=Schedule("0 9 * * *", sites=("east", "west")))
    async def open_gates(self, run: Run) -> None:
        await run.step(self.note, "open")

    async def note(self, what: str) -> None:
        call = running.get()
        assert call is not None
        self.log.append((call.origin.site, what))


async def test_it_begins_in_each_site_that_it_names_or_asks_for(postgres: Database) -> None:
    clock = ManualClock(at("2026-06-01T08:00"))
    database = Database(postgres.config, clock)
    async with Host([Tenants], clock=clock, provided={Database: database}) as host:
        await database.upkeep.catch_up()
        clock.advance(timedelta(hours=1))
        for _ in range(2):  # who cannot tell its sites is asked again
            await database.upkeep.catch_up()
        assert sorted(host._services[0].log) == [
            ("east", "open"),
            ("north", "bill 01"),
            ("south", "bill 01"),
            ("west", "open"),
        ]


async def test_what_is_too_much_for_one_transaction_begins_in_the_next(postgres: Database) -> None:
    clock = ManualClock(at("2026-06-01T08:00"))
    database = Database(postgres.config, clock)
    async with Host([Tenants], clock=clock, provided={Database: database}) as host:
        tenants = host._services[0]
        tenants.broken = False
        await database.upkeep.catch_up()
        (runner,) = host.background._runners.values()
        runner._engine.scheduler.most = 3
        clock.advance(timedelta(days=3, hours=1))
        for _ in range(4):
            await database.upkeep.catch_up()
        expected = [(site, f"bill 0{day}") for site in ("north", "south") for day in range(1, 5)]
        assert sorted(one for one in tenants.log if one[1] != "open") == expected


class Jumping(ManualClock):
    """As a machine's that somebody sets."""

    def back(self, by: timedelta) -> None:
        self._now -= by


async def test_a_clock_that_jumps_loses_no_time_and_doubles_none(postgres: Database) -> None:
    clock = Jumping(at("2026-06-01T08:30"))
    database = Database(postgres.config, clock)
    async with Host([Clockwork, Sleeper], clock=clock, provided={Database: database}) as host:
        clockwork, sleeper = host._services
        catch_up = database.upkeep.catch_up
        await catch_up()
        with acting():
            await sleeper.workflows.start(sleeper.doze, 2, id="short")
            await sleeper.workflows.start(sleeper.doze, 24 * 400, id="long")
        await catch_up()
        clock.advance(timedelta(minutes=30))
        await catch_up()
        assert sorted(clockwork.log) == ["each 01", "fresh"]
        clock.back(timedelta(hours=1))
        for _ in range(3):  # nine o'clock comes a second time
            clock.advance(timedelta(minutes=30))
            await catch_up()
        assert sorted(clockwork.log) == ["each 01", "fresh"]
        assert sleeper.log == []
        clock.advance(timedelta(hours=1))
        await catch_up()
        assert sleeper.log == [2]
        clockwork.log.clear()
        clock.advance(timedelta(days=365))
        await catch_up()
        assert clockwork.log.count("fresh") == 0
        assert len(clockwork.log) == 365 + 1
        assert sleeper.log == [2]
        clock.back(timedelta(days=365))
        await catch_up()
        assert len(clockwork.log) == 366
        clock.advance(timedelta(days=400))
        await catch_up()
        assert sleeper.log == [2, 24 * 400]


class Sleeper(Service, package="sleeper.v1"):
    def __init__(self, workflows: Workflows) -> None:
        self.workflows = workflows
        self.log: list[int] = []

    @workflow(version=1)
    async def doze(self, run: Run, hours: int) -> None:
        await run.sleep(timedelta(hours=hours))
        await run.step(self.wake, hours)

    async def wake(self, hours: int) -> None:
        self.log.append(hours)


@pytest.mark.parametrize(
    ("cron", "after", "expected"),
    [
        # In Berlin it is 3 o'clock after 1:59 on 29 March, and 2 o'clock twice on 25 October.
        ("30 2 * * *", "2026-03-28T12:00", ["2026-03-29T01:00", "2026-03-30T00:30"]),
        ("30 2 * * *", "2026-10-24T12:00", ["2026-10-25T00:30", "2026-10-26T01:30"]),
        (
            "0 * * * *",
            "2026-10-24T23:30",
            ["2026-10-25T00:00", "2026-10-25T01:00", "2026-10-25T02:00"],
        ),
    ],
)
def test_an_hour_that_is_left_out_is_made_up_for_and_one_that_comes_twice_counts_once(
    cron: str, after: str, expected: list[str]
) -> None:
    times = Schedule(cron, zone="Europe/Berlin").times(at(after))
    assert [next(times) for _ in expected] == [at(one) for one in expected]


@pytest.mark.parametrize(("missed", "number"), [("last", 1), ("skip", 1), ("all", 1000)])
def test_of_very_many_that_were_missed_the_last_is_the_last(
    missed: Literal["last", "skip", "all"], number: int
) -> None:
    schedule = Schedule("* * * * *", missed=missed)
    now = at("2026-03-02T09:00:05")
    times, following = schedule.due(at("2026-03-01T09:00"), now)
    assert (len(times), following) == (number, at("2026-03-02T09:01"))
    expected = at("2026-03-02T01:39") if missed == "all" else at("2026-03-02T09:00")
    assert times[-1] == expected
    rare = Schedule("0 9 29 2 *", missed=missed)
    assert rare.due(at("2024-02-29T09:00"), at("2024-02-29T09:00"))[0] == [at("2024-02-29T09:00")]


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        (Schedule("61 * * * *"), "no time of cron"),
        (Schedule("0 0 30 2 *"), "no time of cron"),
        (Schedule("0 0 * * *", zone="Nowhere/Land"), "no time zone"),
        (Schedule("0 0 * * *", sites=()), "no sites"),
        (Schedule("0 0 * * *", sites=("two words",)), "no sites"),
        (Schedule("0 0 * * *", sites=lambda _: ()), "no async function"),
    ],
)
def test_what_is_no_time_is_told_when_the_class_is_made(schedule: Schedule, said: str) -> None:
    async def go(self: Clockwork, run: Run, item: str) -> None: ...

    with pytest.raises(DeclarationError, match=said) as told:
        type(
            "Wrong", (Service,), {"go": workflow(version=1, schedule=schedule)(go)}, package="w.v1"
        )
    assert "take due: Instant" in str(told.value)
