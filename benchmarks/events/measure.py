"""The benchmark `events`: from a committed row to the effect of its event, beside two peers."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

import msgspec

from benchmarks import machine, rounds
from benchmarks.data.postgres import open_postgres
from benchmarks.environment import say
from benchmarks.events.contestants import AFTER_COMMIT, CELERY, CONTESTANTS, HANSE, OUTBOX
from benchmarks.events.order import CUSTOMERS, Told
from benchmarks.events.rounds import ALL_SETTINGS, MORE, WARM_SHARE, Bench, EventRound
from benchmarks.events.servers import NATS_DURABILITY, REDIS_DURABILITY, redis_version
from benchmarks.report import Measured
from benchmarks.result import Better, Result, limit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.events.contestants import Contestant

    Figure = tuple[str, str, list[EventRound], Callable[[EventRound], float], Better]

RATE = 2000.0
"""Events a second, at which times from commit to commit are taken."""

LOWER_RATES = (500.0, 1000.0)
"""The same, where more of the contestants keep up."""

P50_MS_GOAL, P99_MS_GOAL = 10.0, 50.0
ONE_BY_ONE_GOAL, BATCHES_GOAL = 3000.0, 8000.0
BATCH = 50
AT_ONCE = 32
PEERS = (OUTBOX, AFTER_COMMIT, CELERY)


class Plan(msgspec.Struct, frozen=True):
    """How many events each kind of round has; `slow` is of who would take minutes for more."""

    proof: int
    timed: int
    one_by_one: int
    batches: int
    slow: int


FULL = Plan(proof=500, timed=8_000, one_by_one=10_000, batches=20_000, slow=1_500)
QUICK = Plan(proof=200, timed=4_000, one_by_one=4_000, batches=10_000, slow=500)


def method(done: list[EventRound], versions: tuple[str, str]) -> str:
    """How it was measured, for the page."""
    settings = ", ".join(f"{name} {value}" for name, value in ALL_SETTINGS.items())
    return f"""\
Orders are placed, each in a transaction, and each is an event; whoever handles it books the order
in a transaction that also notes the event as handled, so that one that comes twice is booked once.
After every round orders and bookings are compared: as many, none twice, the same cents in all.
Times are PostgreSQL's own, for everybody alike: from the commit of an order to the commit of its
booking (track_commit_timestamp). At a rate: so many orders a second begun on a schedule,
{RATE:,.0f} where no other number is named, whatever became of the others.
End to end: as fast as it goes, {AT_ONCE} transactions at once,
until the last one is booked; the rate is that of all of it, placing included, from the first order
to the last booking. One by one: a transaction an order, a transaction a booking. In batches:
{BATCH} orders a transaction, many bookings in one. The first {WARM_SHARE:.0%} of a round are not
counted. Nothing is pinned: who places, who handles, the broker and PostgreSQL are processes of
their own on {machine.cores()} cores. {CUSTOMERS} customers; Hanse keeps the
order of each, which the others do not. Rounds are interleaved, with fresh processes, broker and
database; medians. CPU times are of all processes of a kind, an event.

Durability is alike: PostgreSQL {versions[0]}, data on the disk: {settings}.
NATS for Hanse and FastStream: {NATS_DURABILITY}, so a message is on the disk when it is
acknowledged. Redis {versions[1]} for Celery: {REDIS_DURABILITY}.
faststream_outbox is what does as much as Hanse: an outbox of one's own, sent on by a process that
looks every 5 ms and publishes what it finds at once, message by message, as FastStream does; Hanse
has NATS store them as one. faststream_after_commit and celery publish when the transaction is
committed, and lose the event if the process ends between the two. Celery has no handler of many
events. Settings and where they are from stand first in the file of each.
{_behind(done)}"""


def measure(timing: rounds.Timing) -> Measured:
    """Run the whole benchmark.

    Raises:
        LoadError: Something was lost, doubled or wrong.
        NotReadyError: Redis is missing.
        ServerError: A process did not start, or failed.
    """
    plan = QUICK if timing.rounds == 1 else FULL
    redis = redis_version()
    done: list[EventRound] = []
    with open_postgres(MORE) as postgres:
        bench = Bench(postgres)
        say("does everybody book every order, once?")
        for contestant in CONTESTANTS:
            contestant.make_tables(postgres)
            for order in orders(contestant, plan, proof=True):
                bench.run(contestant, order)
        for turn in range(timing.rounds):
            for contestant in CONTESTANTS:
                for order in orders(contestant, plan):
                    done.append(bench.run(contestant, order))
                    say(f"  round {turn + 1}/{timing.rounds} {_said(done[-1])}")
        version = postgres.version()
    return Measured("events", method(done, (version, redis)), results(done), done)


def orders(contestant: Contestant, plan: Plan, *, proof: bool = False) -> list[Told]:
    """What is asked of a contestant in one round."""
    slow = contestant.slow
    timed, one = (plan.slow, plan.slow) if slow else (plan.timed, plan.one_by_one)
    many = plan.batches
    if proof:
        timed = one = many = plan.proof
    mode = contestant.mode
    at_rates = [
        Told(role="write", mode=mode, count=int(timed * rate / RATE), rate=rate)
        for rate in (*LOWER_RATES, RATE)
    ]
    found = [
        *at_rates,
        Told(role="write", mode=mode, count=one, at_once=AT_ONCE),
        Told(role="write", mode=mode, count=many, at_once=AT_ONCE // 4, batch=BATCH),
    ]
    return found if contestant.batches else found[:-1]


def results(done: list[EventRound]) -> list[Result]:
    """What is published; where there is no goal, the line is information."""
    timed = [one for one in done if one.rate == RATE]
    one_by_one = [one for one in done if not one.rate and one.batch == 1]
    batches = [one for one in done if one.batch > 1]

    def all_us(one: EventRound) -> float:
        return one.service_us + one.postgres_us + one.broker_us

    figures: tuple[Figure, ...] = (
        ("commit_to_effect_p50", "ms", timed, lambda one: one.p50_ms, "lower"),
        ("commit_to_effect_p99", "ms", timed, lambda one: one.p99_ms, "lower"),
        *_at_lower_rates(done),
        ("one_by_one", "1/s", one_by_one, lambda one: one.booked_per_second, "higher"),
        ("one_by_one_all_cpu", "us", one_by_one, all_us, "lower"),
        ("in_batches", "1/s", batches, lambda one: one.booked_per_second, "higher"),
        ("in_batches_all_cpu", "us", batches, all_us, "lower"),
    )
    p50, p99 = (median(timed, HANSE, read) for _, _, _, read, _ in figures[:2])
    return [
        limit("commit_to_effect_p50", "ms", value=p50, at_most=P50_MS_GOAL),
        limit("commit_to_effect_p99", "ms", value=p99, at_most=P99_MS_GOAL),
        _at_least("one_by_one", one_by_one, ONE_BY_ONE_GOAL),
        _at_least("in_batches", batches, BATCHES_GOAL),
        *(
            Result(
                metric=metric,
                unit=unit,
                better=better,
                value=median(chosen, HANSE, read),
                peer=peer,
                peer_value=median(chosen, peer, read),
            )
            for metric, unit, chosen, read, better in figures
            for peer in PEERS
            if peer != CELERY or chosen is not batches
        ),
    ]


def _at_lower_rates(done: list[EventRound]) -> Iterator[Figure]:
    for rate in LOWER_RATES:
        slower, name = [one for one in done if one.rate == rate], f"commit_to_effect_at_{rate:.0f}"
        yield f"{name}_p50", "ms", slower, lambda one: one.p50_ms, "lower"
        yield f"{name}_p99", "ms", slower, lambda one: one.p99_ms, "lower"


def median(done: list[EventRound], peer: str, read: Callable[[EventRound], float]) -> float | None:
    """Median of one figure of one peer, None if it was not measured."""
    values = [read(one) for one in done if one.peer == peer]
    return statistics.median(values) if values else None


def _at_least(metric: str, done: list[EventRound], goal: float) -> Result:
    return Result(
        metric=metric,
        unit="1/s",
        better="higher",
        value=median(done, HANSE, lambda one: one.booked_per_second),
        peer="at least",
        peer_value=goal,
        goal=1.0,
    )


def _behind(done: list[EventRound]) -> str:
    """Who did not keep up with the rate, so that its times are those of a queue."""
    timed = [one for one in done if one.rate == RATE]
    rates = {
        peer: median(timed, peer, lambda one: one.booked_per_second)
        for peer in dict.fromkeys(one.peer for one in timed)
    }
    late = [f"{peer} {rate:,.0f}" for peer, rate in rates.items() if rate and rate < RATE * 0.95]
    if not late:
        return "Everybody kept up with the rate."
    return (
        "At the rate some fell behind, and their times are those of a queue: booked a second "
        f"{', '.join(late)}."
    )


def _said(one: EventRound) -> str:
    kind = f"at {one.rate:,.0f}/s" if one.rate else "in batches" if one.batch > 1 else "one by one"
    return (
        f"{one.peer} {kind}: {one.booked_per_second:,.0f}/s, p50 {one.p50_ms:.1f} ms, "
        f"p99 {one.p99_ms:.1f} ms"
    )
