"""A host that is judged does what its share allows, and does not say when things begin."""

from datetime import UTC, datetime, timedelta

from hanse.kit.clock import ManualClock
from hanse.runtime.contract.declaration import rpc
from hanse.runtime.contract.service import Service
from hanse.runtime.data.database import Database
from hanse.runtime.host import Host
from hanse.runtime.identity.permission import PUBLIC
from hanse.runtime.workflows.declaration import workflow
from hanse.runtime.workflows.run import Run
from hanse.runtime.workflows.schedules.schedule import Schedule
from hanse.runtime.workflows.workflows import Workflows

MORNING = datetime(2026, 6, 1, 8, tzinfo=UTC)
NINE, TEN = "0 9 * * *", "0 10 * * *"


def release(cron: str) -> type[Service]:
    """A release whose daily work begins so."""

    class Desk(Service, package="desk.v1"):
        def __init__(self, workflows: Workflows) -> None:
            self.workflows = workflows
            self.done: list[str] = []

        @rpc(allow=PUBLIC)
        async def begin(self) -> None:
            for _ in range(20):
                await self.workflows.start(self.work)

        @workflow(version=1)
        async def work(self, run: Run) -> None:
            await run.sleep(timedelta(minutes=1))
            await run.step(self.note, "work")

        @workflow(version=1, schedule=Schedule(cron))
        async def daily(self, run: Run) -> None:
            await run.step(self.note, "daily")

        async def note(self, what: str) -> None:
            self.done.append(what)

    return Desk


async def test_who_has_no_share_takes_nothing_that_is_due(postgres: Database) -> None:
    clock = ManualClock(MORNING)
    mine, other = (Database(postgres.config, clock) for _ in range(2))
    desk = release(NINE)
    settled = Host([desk], clock=clock, provided={Database: mine})
    canary = Host([desk], clock=clock, provided={Database: other})
    other.share = lambda: 0.0
    async with settled, canary:
        await settled.get(desk).begin()
        clock.advance(timedelta(minutes=1))
        # when it looks first
        for database in (other, mine, other, mine):
            await database.upkeep.catch_up()
        # then
        assert canary._services[0].done == []
        assert settled._services[0].done == ["work"] * 20


async def test_what_a_judged_release_begins_by_the_clock_counts_when_it_is_settled(
    postgres: Database,
) -> None:
    clock = ManualClock(MORNING)
    mine, other = (Database(postgres.config, clock) for _ in range(2))
    shares = {"mine": 1.0, "other": 0.25}
    settled = Host([release(NINE)], clock=clock, provided={Database: mine})
    canary = Host([release(TEN)], clock=clock, provided={Database: other})
    mine.share = lambda: shares["mine"]
    other.share = lambda: shares["other"]
    async with settled, canary:

        async def begun_at(day: int, hour: int) -> int:
            clock.advance(datetime(2026, 6, day, hour, tzinfo=UTC) - clock.now())
            before = len(settled._services[0].done + canary._services[0].done)
            for database in (other, mine, other, mine):
                await database.upkeep.catch_up()
            return len(settled._services[0].done + canary._services[0].done) - before

        # then the settled release says when
        assert [await begun_at(1, hour) for hour in (8, 9, 10)] == [0, 1, 0]
        # when it is the other's turn
        shares |= {"mine": 0.0, "other": 1.0}
        assert [await begun_at(2, hour) for hour in (8, 9, 10)] == [0, 0, 1]
        # when that is gone back from
        shares |= {"mine": 1.0, "other": 0.0}
        assert [await begun_at(3, hour) for hour in (8, 9, 10)] == [0, 1, 0]
