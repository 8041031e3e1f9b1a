"""The benchmark `boutique`: a whole application under its published load mix."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

import msgspec

from benchmarks import machine, rounds
from benchmarks.boutique import books, shoppers, trip
from benchmarks.boutique.contestants import APART, FASTAPI, GRPC, NAMES, TOGETHER, Shop, open_shop
from benchmarks.data.postgres import open_postgres
from benchmarks.environment import say
from benchmarks.report import Measured
from benchmarks.result import Result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from benchmarks.data.postgres import Postgres

USERS = (8, 16, 32, 64)
USERS_QUICK = 32
RATE_QUICK = 20.0
OPEN_LOOP_USERS = 32
OPEN_LOOP_TIMES_LONGER = 3  # a p99 wants hundreds of answers, and the slowest give fifty a second
LATE_P99_MS_MAX = 2.0
TRIES = 3
COMPARED = (
    (TOGETHER, APART, 2.0),
    (TOGETHER, FASTAPI, 10.0),
    (TOGETHER, GRPC, 4.0),
    (APART, FASTAPI, 4.0),
    (APART, GRPC, None),
)

SERVICE_WEAVER = """\
For comparison, the Service Weaver paper (Ghemawat et al., "Towards Modern Development of Cloud
Applications", HotOS 2023) on this application at 10,000 requests/s: 78 cores with the published
services, 28 as its own modules apart, 9 with all of them in one process; median latency 5.47,
2.66 and 0.38 ms."""


def method(rate: float, postgres: str) -> str:
    """How it was measured, for the page."""
    return f"""\
The boutique of `examples/boutique`, which keeps what it knows: nine services and a storefront of
server-rendered pages, under its published load mix (home 1, currency 2, product 10, add to basket
2, basket 3, checkout 1). Contestants: Hanse together (one process) and apart (ten), and the same
written in FastAPI with aiohttp and in grpc.aio with an aiohttp front (ten processes each). All
import the boutique's own rules, storefront and templates, so that only the plumbing differs: same
fan-out, same checks of every request (each first proves a whole trip and a dozen refusals), Unix
sockets with connections kept, the W3C trace handed on, uvloop, one worker each, no access log.
Nobody stands behind a gateway.

All keep carts, stock, payments, orders and letters in one PostgreSQL {postgres}, every commit on
the disk; the peers by SQLAlchemy on asyncpg, with the same keys, so that nothing is charged or
taken twice, and the same second for which the catalog is remembered. What differs is what happens
to a purchase whose process dies: Hanse's is a workflow, of which each step is kept in a journal,
and goes on elsewhere; its letter follows from an event that goes through NATS, every message on
the disk, and has a workflow of its own. The peers have no journal, no broker and no outbox: what
they began then stays undone, and a letter may never be written. E-mail, address and letter of a
buyer are sealed by Hanse and in clear with the peers. So the peers do less. After each round the
database is asked: as much charged as ordered, as many pieces gone as bought, a letter an order.

All server processes, PostgreSQL's and NATS's among them, on core 0; the boutique's load generator,
which checks every answer, on core 1 and not counted. Requests per CPU second: user and system time
of all of core 0's together over a closed loop, each at the number of users it answers most.
Latency: open loop at one rate equal for all, {rate:,.0f} requests/s, a third of what the slowest
answered, from the scheduled time; shoppers that ran late themselves do not count, nor do those of a
shop that fell behind the rate. Rounds are interleaved, every round starts fresh processes on a
fresh database and warms them up; medians are shown. The goals are those of the shop in memory,
below.

{SERVICE_WEAVER}"""


class Closed(msgspec.Struct, frozen=True, tag="closed"):
    """One run in which every user asks again as soon as it is answered.

    Attributes:
        busy: Share of their core the processes used; well below 1 means the load was the limit.
        stolen: Share of the two cores the hypervisor gave to others meanwhile.
    """

    peer: str
    users: int
    requests: int
    requests_per_second: float
    requests_per_cpu_second: float
    busy: float
    stolen: float


class Open(msgspec.Struct, frozen=True, tag="open"):
    """One run at a given rate, measured from the scheduled times.

    Attributes:
        late_p99_ms: How far the shoppers were behind their own schedule.
        unserved: What the shop was too far behind to be asked.
    """

    peer: str
    rate: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    late_p99_ms: float
    unserved: int
    stolen: float

    @property
    def valid(self) -> bool:
        """Whether the shoppers kept their own schedule, and the shop the rate.

        If not, it says nothing about the shop, or nothing that its best rate does not.
        """
        return self.late_p99_ms <= LATE_P99_MS_MAX and not self.unserved


def measure(timing: rounds.Timing) -> Measured:
    """Run the whole benchmark.

    Raises:
        LoadError: An answer was wrong.
        ServerError: A process did not start.
    """
    with open_postgres() as postgres:
        postgres.use([machine.SERVER_CPU])
        return _measured(postgres, timing)


def _measured(postgres: Postgres, timing: rounds.Timing) -> Measured:
    users, rate = _settled(postgres, timing)
    say(f"closed loop, then open loop at {rate:,.0f} requests/s")
    done: list[Closed | Open] = []
    for turn in range(timing.rounds):
        for name in NAMES:
            closed, opened = _round(name, users[name], rate, postgres, timing)
            done += [closed, opened]
            say(
                f"  round {turn + 1}/{timing.rounds} {name}: "
                f"{closed.requests_per_cpu_second:,.0f} requests per CPU second "
                f"({closed.requests_per_second:,.0f}/s, busy {closed.busy:.0%}), "
                f"p50 {opened.p50_ms:.2f} ms, p99 {opened.p99_ms:.2f} ms"
            )
    return Measured(
        name="boutique", method=method(rate, postgres.version()), results=results(done), rounds=done
    )


def results(done: Iterable[Closed | Open]) -> list[Result]:
    """What is published: work per CPU second, with goals, and latency at the equal rate."""
    listed = list(done)
    closed = [one for one in listed if isinstance(one, Closed)]
    opened = [one for one in listed if isinstance(one, Open) and one.valid]
    work = [
        Result(
            metric=f"{ours.removeprefix('hanse_')}_requests_per_cpu_second",
            unit="1/s",
            better="higher",
            value=median(closed, ours, lambda one: one.requests_per_cpu_second),
            peer=peer,
            peer_value=median(closed, peer, lambda one: one.requests_per_cpu_second),
            goal=goal,
        )
        for ours, peer, goal in COMPARED
    ]
    figures: list[tuple[str, Callable[[Open], float]]] = [
        ("p50", lambda one: one.p50_ms),
        ("p99", lambda one: one.p99_ms),
    ]
    latency = [
        Result(
            metric=f"{ours.removeprefix('hanse_')}_latency_{figure}",
            unit="ms",
            better="lower",
            value=median(opened, ours, read),
            peer=peer,
            peer_value=median(opened, peer, read),
        )
        for figure, read in figures
        for ours, peer, _ in COMPARED
    ]
    return work + latency


def median(rounds_done: Iterable[Any], peer: str, read: Callable[[Any], float]) -> float | None:
    """Median of one figure of one contestant, None if it was not measured."""
    values = [read(one) for one in rounds_done if one.peer == peer]
    return statistics.median(values) if values else None


def _settled(postgres: Postgres, timing: rounds.Timing) -> tuple[dict[str, int], float]:
    """With how many users each is measured, and the rate equal for all."""
    if timing.rounds == 1:
        return dict.fromkeys(NAMES, USERS_QUICK), RATE_QUICK
    say("how many users does each like best?")
    best = {name: _best(name, postgres, timing) for name in NAMES}
    slowest = min(done.requests_per_second for done in best.values())
    return {name: done.users for name, done in best.items()}, slowest / 3


def _best(name: str, postgres: Postgres, timing: rounds.Timing) -> Closed:
    """The number of users at which this one answers most."""
    with open_shop(name, postgres) as shop:
        shoppers.send(shop.url, users=USERS[0], seconds=timing.warm_up)
        tried = [_closed(name, shop, users, timing.calibration) for users in USERS]
    best = max(tried, key=lambda one: one.requests_per_second)
    say(f"  {name}: {best.requests_per_second:,.0f}/s with {best.users} users")
    return best


def _round(
    name: str, users: int, rate: float, postgres: Postgres, timing: rounds.Timing
) -> tuple[Closed, Open]:
    with open_shop(name, postgres) as shop:
        trip.check(shop.url)
        shoppers.send(shop.url, users=users, seconds=timing.warm_up)
        closed = _closed(name, shop, users, timing.seconds)
        seconds = timing.seconds * OPEN_LOOP_TIMES_LONGER
        opened = _open(name, shop, rate, seconds)
        for _ in range(TRIES - 1):
            if opened.valid:
                break
            say(
                f"  once more: the shoppers ran {opened.late_p99_ms:.2f} ms late, and "
                f"{opened.unserved} requests were not begun"
            )
            opened = _open(name, shop, rate, seconds)
        shop.check()
        books.check(name, postgres)
    return closed, opened


def _open(name: str, shop: Shop, rate: float, seconds: float) -> Open:
    stolen = machine.stolen_seconds()
    report = shoppers.send(shop.url, users=OPEN_LOOP_USERS, seconds=seconds, rate=rate)
    stolen = machine.stolen_seconds() - stolen
    return Open(
        peer=name,
        rate=rate,
        p50_ms=report.p50_ms,
        p99_ms=report.p99_ms,
        max_ms=report.max_ms,
        late_p99_ms=report.late_p99_ms,
        unserved=report.unserved,
        stolen=stolen / report.seconds / 2,
    )


def _closed(name: str, shop: Shop, users: int, seconds: float) -> Closed:
    cpu, stolen = shop.cpu_seconds(), machine.stolen_seconds()
    report = shoppers.send(shop.url, users=users, seconds=seconds)
    cpu, stolen = shop.cpu_seconds() - cpu, machine.stolen_seconds() - stolen
    return Closed(
        peer=name,
        users=users,
        requests=report.requests,
        requests_per_second=report.requests / report.seconds,
        requests_per_cpu_second=report.requests / cpu,
        busy=cpu / report.seconds,
        stolen=stolen / report.seconds / 2,
    )
