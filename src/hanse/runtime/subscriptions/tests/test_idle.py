"""What a host costs while nothing comes does not grow with what it subscribes to."""

import asyncio
from collections import Counter
from types import new_class
from typing import Any

import pytest

from hanse import Database, Service
from hanse.kit.clock import monotonic
from hanse.runtime.background import Surroundings
from hanse.runtime.broker.message import Place
from hanse.runtime.broker.stream import EventStream
from hanse.runtime.call.threads import Threads
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.runtime.data.tests.servers import PATIENCE
from hanse.runtime.events.envelope import PARTITIONS
from hanse.runtime.subscriptions.declared.declaration import subscribe
from hanse.runtime.subscriptions.feeding.part import Holder
from hanse.runtime.subscriptions.feeding.tenure import Tenure
from hanse.runtime.subscriptions.feeding.together import Together
from hanse.runtime.subscriptions.subscriptions import Subscriptions
from hanse.runtime.subscriptions.tests.conftest import Letter, held_by

MANY = 16
WRITTEN = "select ctid, xmin::text from hanse.delivery order by subscription, partition"
RENEWED = "select until_time from hanse.subscriber where subscription > 1 order by subscription"


class Counting(Database):
    """Counts the statements that it is asked for."""

    def __init__(self, config: DatabaseConfig) -> None:
        super().__init__(config)
        self.asked = Counter[str]()

    async def fetch(self, text: str, *arguments: Any):
        self.asked[text] += 1
        return await super().fetch(text, *arguments)

    async def execute(self, text: str, *arguments: Any) -> int:
        self.asked[text] += 1
        return await super().execute(text, *arguments)


def shelf(number: int) -> type[Service]:
    async def keep(self, event: Letter) -> None: ...

    def fill(body: dict[str, Any]) -> None:
        body["keep"] = subscribe(Letter)(keep)

    return new_class(f"Shelf{number}", (Service,), {"package": f"shelf{number}.v1"}, fill)


async def test_many_feeds_of_an_idle_host_are_renewed_and_looked_at_together(office) -> None:
    bench, seconds = office.bench, 0.9
    database = Counting(bench.database.config)
    host = Subscriptions(database, seconds)
    host.join(Surroundings(office, bench.instruments, Threads(1)))
    for kind in map(shelf, range(MANY)):
        for model in kind.__unasked__:
            host.serve(kind(), model)

    async def renewed(times: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while times:
                before = await bench.database.fetch(RENEWED)
                while await bench.database.fetch(RENEWED) == before:
                    await asyncio.sleep(0.02)
                times -= 1

    async with database, host:
        await office.settled(host)
        await renewed(1)
        database.asked.clear()
        began, written = monotonic(), await bench.database.fetch(WRITTEN)
        await renewed(4)

        assert await bench.database.fetch(WRITTEN) == written, "no row of a partition"
        beats = (monotonic() - began) / (seconds / 3)
        assert max(database.asked.values()) < beats + MANY / 2, "one for all, each time"


class CountingStream(EventStream):
    """Counts how often the broker is asked how far it is."""

    asked = 0

    async def place(self) -> Place:
        CountingStream.asked += 1
        return await super().place()


async def test_many_feeds_of_a_host_ask_the_broker_together_how_far_the_stream_is(office) -> None:
    tenure = Tenure(office.bench.database, Holder("one"))
    streams = [CountingStream(office.made.broker, office.made.name) for _ in range(MANY)]

    found = await asyncio.gather(*map(tenure.place, streams))

    assert set(found) == {await office.made.place()}
    assert CountingStream.asked == 1


async def test_who_was_late_to_renew_holds_nothing_that_was_not_taken_anew(bench) -> None:
    partitions = held_by("late", bench)
    await partitions.keep()
    before = {number: one.epoch for number, one in partitions.held.items()}
    await bench.database.execute("update hanse.subscriber set until_time = clock_timestamp()")
    await partitions.keep()
    assert {n: one.epoch - 1 for n, one in partitions.held.items()} == before


async def test_who_is_taken_for_dead_holds_nothing_of_what_another_took(bench) -> None:
    late, other = held_by("late", bench), held_by("other", bench)
    await late.keep()
    await bench.database.execute("update hanse.subscriber set until_time = clock_timestamp()")
    await other.keep()
    assert len(other.held) == PARTITIONS
    await late.keep()
    assert late.held == {}


async def test_what_another_has_taken_is_lost_with_the_next_renewal(bench) -> None:
    """As a host of an earlier release does, which knows of no row that says who lives."""
    partitions = held_by("one", bench)
    await partitions.keep()
    await bench.database.execute("insert into hanse.subscriber values (1, 0, 'two', 'infinity')")
    await bench.database.execute(
        "update hanse.subscriber set until_time = clock_timestamp() + interval '3 seconds'"
    )
    await bench.database.execute(
        "update hanse.delivery set epoch = epoch + 1, holder = 'two' where partition = 3"
    )
    await partitions.keep()
    assert sorted(partitions.held) == [n for n in range(PARTITIONS) if n != 3]


async def test_a_host_that_left_with_what_it_did_not_know_to_hold_keeps_it_from_nobody(
    bench,
) -> None:
    one, two = held_by("one", bench), held_by("two", bench)
    await one.keep()
    del one.held[3]  # as where the answer to taking it was lost
    await one.leave()
    await two.keep()
    assert len(two.held) == PARTITIONS


async def test_a_batch_that_fails_or_is_left_is_only_its_own() -> None:
    asked: list[list[int]] = []
    go_on = asyncio.Event()

    async def answer(batch) -> list[int]:
        asked.append(list(batch))
        await go_on.wait()
        if 3 in batch:
            raise ValueError(batch)
        return [one * 2 for one in batch]

    together = Together(answer)
    first = [asyncio.ensure_future(together.ask(one)) for one in (1, 2)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    second = [asyncio.ensure_future(together.ask(one)) for one in (3, 4)]
    first[0].cancel()
    await asyncio.sleep(0)
    go_on.set()
    assert await first[1] == 4
    for one in second:
        with pytest.raises(ValueError, match="3, 4"):
            await one
    assert await together.ask(5) == 10
    assert asked == [[1, 2], [3, 4], [5]]
