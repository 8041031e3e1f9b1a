"""Rounds of events: orders are placed, and what PostgreSQL noted of both commits is read."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import msgspec

from benchmarks import machine
from benchmarks.crew import crew
from benchmarks.data.postgres import SETTINGS
from benchmarks.events.order import Told, Written, placed
from benchmarks.load import LoadError

if TYPE_CHECKING:
    from collections.abc import Generator

    from benchmarks.data.postgres import Postgres
    from benchmarks.events.contestants import Contestant

MORE = {"track_commit_timestamp": "on"}
ALL_SETTINGS = SETTINGS | MORE
WARM_SHARE = 0.1
DRAIN_SECONDS = 60.0
LOOK_SECONDS = 0.25

_FOUND = """
with orders as ({orders}), bookings as ({bookings}), pairs as (
    select pg_xact_commit_timestamp(o.by) as placed, pg_xact_commit_timestamp(b.by) as booked
    from orders o join bookings b using (number, cents) where number >= {warm}
)
select (select count(*) from orders), (select count(*) from bookings),
    (select count(distinct number) from bookings), (select sum(cents) from bookings), count(*),
    percentile_cont(0.5) within group (order by extract(epoch from booked - placed)) * 1e3,
    percentile_cont(0.99) within group (order by extract(epoch from booked - placed)) * 1e3,
    max(extract(epoch from booked - placed)) * 1e3,
    extract(epoch from max(booked) - min(placed)),
    extract(epoch from max(placed) - min(placed))
from pairs
"""


class EventRound(msgspec.Struct, frozen=True):
    """Events of one contestant. CPU times are microseconds an event, of all processes of a kind.

    Attributes:
        batch: Orders in a transaction, and events in one at most.
        rate: Orders a second as wanted; 0 was as fast as it goes.
        events: That are counted, those of the warm-up left out.
        placed_per_second: From the first to the last order that was committed.
        booked_per_second: From the first order to the last booking.
        p50_ms: From the commit of an order to the commit of its booking.
        late_p99_ms: How late orders were begun, of those that had a time.
        busy: Share of both cores that all of it used.
        stolen: Share that the hypervisor gave to others.
    """

    peer: str
    batch: int
    rate: float
    events: int
    placed_per_second: float
    booked_per_second: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    late_p99_ms: float
    service_us: float
    postgres_us: float
    broker_us: float
    busy: float
    stolen: float


class Used(msgspec.Struct, frozen=True):
    """Seconds of CPU, and on the clock."""

    service: float
    postgres: float
    broker: float
    stolen: float
    taken: float


class Bench:
    """Runs contestants.

    Args:
        postgres: The one of all, which notes when a transaction is committed.
    """

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    def run(self, contestant: Contestant, order: Told) -> EventRound:
        """One round; every booking is looked at.

        Raises:
            LoadError: Bookings are missing, doubled or wrong.
        """
        with self._database(contestant) as name:
            written, used = self._placed(contestant, order, name)
            found = self._found(contestant, order, name)
        _, _, _, _, events, p50, p99, longest, all_seconds, placing_seconds = found
        return EventRound(
            peer=contestant.name,
            batch=order.batch,
            rate=order.rate,
            events=int(events),
            placed_per_second=events / placing_seconds,
            booked_per_second=events / all_seconds,
            p50_ms=p50,
            p99_ms=p99,
            max_ms=longest,
            late_p99_ms=written.late_p99_ms,
            service_us=used.service / order.count * 1e6,
            postgres_us=used.postgres / order.count * 1e6,
            broker_us=used.broker / order.count * 1e6,
            busy=(used.service + used.postgres + used.broker) / used.taken / machine.cores(),
            stolen=used.stolen / used.taken / machine.cores(),
        )

    @contextlib.contextmanager
    def _database(self, contestant: Contestant) -> Generator[str]:
        name = f"{contestant.name}_round"
        self._postgres.create(name, like=contestant.name)
        self._postgres.checkpoint()
        try:
            yield name
        finally:
            self._postgres.drop(name)

    def _placed(self, contestant: Contestant, order: Told, name: str) -> tuple[Written, Used]:
        postgres = self._postgres
        with contestant.broker() as broker:
            settings = {
                **broker.settings,
                "BENCH_POSTGRES": postgres.host,
                "BENCH_DATABASE": name,
            }
            with (
                crew(contestant.module, settings, contestant.behind(order.batch)) as behind,
                crew(contestant.module, settings, [order]) as writer,
            ):
                behind.expect("ready")
                writer.expect("ready")
                pids = [*behind.pids, *writer.pids]
                sources = (
                    lambda: sum(machine.cpu_seconds(pid) for pid in pids),
                    postgres.cpu_seconds,
                    broker.cpu_seconds,
                    machine.stolen_seconds,
                    time.monotonic,
                )
                before = [read() for read in sources]
                writer.go()
                (said,) = writer.hear()
                self._await_bookings(contestant, order.count, name)
                after = [read() for read in sources]
        differences = [late - early for early, late in zip(before, after, strict=True)]
        return msgspec.json.decode(said, type=Written), Used(*differences)

    def _await_bookings(self, contestant: Contestant, count: int, name: str) -> None:
        """Until all are there, or it takes too long; by one connection, which costs little."""
        looks = int(DRAIN_SECONDS / LOOK_SECONDS)
        query = f"select from (select count(*) as n from ({contestant.bookings}) b) c"
        watch = f"\\watch i={LOOK_SECONDS} m=1 c={looks}"
        self._postgres.run(f"{query} where n < {count} {watch}\n", database=name)

    def _found(self, contestant: Contestant, order: Told, name: str) -> list[float]:
        query = _FOUND.format(
            orders=contestant.orders,
            bookings=contestant.bookings,
            warm=int(order.count * WARM_SHARE),
        )
        (row,) = self._postgres.run(query, database=name)
        found = [float(value or 0) for value in row]
        check(contestant.name, order, found)
        return found


def check(name: str, order: Told, found: list[float]) -> None:
    """Each order is there, and booked once, with its own cents.

    Args:
        name: Whose they are.
        order: What was to be placed.
        found: Orders, bookings, different numbers among these, their cents, and so on.

    Raises:
        LoadError: It is not so.
    """
    orders, bookings, different, cents = (int(value) for value in found[:4])
    if orders != order.count or bookings != order.count or different != order.count:
        raise LoadError(
            f"{name} placed {orders} of {order.count} orders and has {bookings} bookings "
            f"of {different} different ones"
        )
    expected = sum(placed(number).cents for number in range(order.count))
    if cents != expected:
        raise LoadError(f"{name} booked {cents} cents instead of {expected}")
