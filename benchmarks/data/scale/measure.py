"""The benchmark `data.scale`: one table of ever more sites, and an index made on it under load."""

from __future__ import annotations

import shutil
import statistics
import time
from typing import TYPE_CHECKING

import msgspec

from benchmarks import environment, machine, rounds
from benchmarks.data.contestants import CONTESTANTS, HANSE, Contestant, make_tables, run_module
from benchmarks.data.loading import load
from benchmarks.data.postgres import SETTINGS, Postgres, open_postgres
from benchmarks.data.scale.samples import Samples, Times
from benchmarks.data.scale.waits import Waits, writing
from benchmarks.environment import say
from benchmarks.report import Measured
from benchmarks.result import Result, limit

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS = 1_000
SITES = (10, 100, 1_000, 10_000)
SITES_QUICK = (10, 100)
SAMPLES, PASSES = 400, 3
FLAT_GOAL = 1.5
WAIT_MS_GOAL = 100.0
DISK_BYTES = 15e9
"""What the largest table, its indexes and PostgreSQL's log take at most."""


class Step(msgspec.Struct, frozen=True, tag="step"):
    """The table at one size, and a process that asked it."""

    sites: int
    get_us: float
    query_us: float


class Loaded(msgspec.Struct, frozen=True, tag="loaded"):
    """How the table came to a size: rows by COPY, then its indexes; bytes are the database's."""

    sites: int
    rows_added: int
    copy_seconds: float
    index_seconds: float
    bytes: int


class Indexed(msgspec.Struct, frozen=True, tag="indexed"):
    """One more index, made by a host while somebody writes; and the same writer alone before."""

    rows: int
    seconds: float
    alone: Waits
    meanwhile: Waits


Done = Step | Loaded | Indexed


def method(done: list[Done], version: str) -> str:
    """How it was measured, for the page."""
    settings = ", ".join(f"{name} {value}" for name, value in SETTINGS.items())
    grown = "; ".join(
        f"{one.sites:,} sites: {one.rows_added:,} rows added in {one.copy_seconds:.0f} s, indexes "
        f"in {one.index_seconds:.0f} s, {one.bytes / 1e9:.1f} GB"
        for one in done
        if isinstance(one, Loaded)
    )
    made = [one for one in done if isinstance(one, Indexed)]
    index = ", ".join(f"{one.rows:,} rows in {one.seconds:.0f} s" for one in made)
    return f"""\
The contacts of `data`, {ROWS:,} rows of each site, all in one table, which grows by COPY with its
indexes dropped and made again ({grown}). At each size {SAMPLES} contacts and as many pages of 50,
spread over all sites, are asked for once to warm them and {PASSES} times measured, one after the
other, around `Collection.get` and `.query` in the service's process; medians of fresh processes.
Flat is the longest of these medians by the shortest. One more index is then declared, and a host
makes it ({index}) while a process that knows nothing of Hanse writes 200 times a second, half
inserts, half updates, on 8 connections; its waits count from when each write was due.
PostgreSQL {version}, data on the disk: {settings}. Service and PostgreSQL are on core 0, save for
loading and for making the index, which may use both; the writer is on core 1."""


def measure(timing: rounds.Timing) -> Measured:
    """Run the whole benchmark.

    Raises:
        NotReadyError: There is too little room.
        ServerError: A process did not start, or failed.
    """
    sizes = SITES_QUICK if timing.rounds == 1 else SITES
    if shutil.disk_usage(environment.ROOT).free < DISK_BYTES:
        raise environment.NotReadyError(f"It takes {DISK_BYTES / 1e9:.0f} GB of the disk.")
    hanse = next(one for one in CONTESTANTS if one.name == HANSE)
    done: list[Done] = []
    with open_postgres() as postgres:
        postgres.create(hanse.name)
        make_tables(hanse, postgres)
        for before, sites in zip((0, *sizes), sizes, strict=False):
            postgres.use(range(machine.cores()))
            done.append(_grown(hanse, postgres, before, sites))
            postgres.use([machine.SERVER_CPU])
            done += [_asked(hanse, postgres, sites) for _ in range(timing.rounds)]
            say(f"  {sites:,} sites: {_words(done[-1])}")
        postgres.use(range(machine.cores()))
        done.append(_indexed(hanse, postgres, sizes[-1], timing.seconds * 2))
        say(f"  one more index: {_words(done[-1])}")
        version = postgres.version()
    return Measured("data.scale", method(done, version), results(done), done)


def results(done: list[Done]) -> list[Result]:
    """What is published."""
    steps = [one for one in done if isinstance(one, Step)]
    made = [one for one in done if isinstance(one, Indexed)]
    loaded = [one for one in done if isinstance(one, Loaded)]
    longest = max((one.meanwhile.longest_ms for one in made), default=None)
    return [
        limit("get_flat", "times", value=_spread(steps, lambda one: one.get_us), at_most=FLAT_GOAL),
        limit(
            "query_flat", "times", value=_spread(steps, lambda one: one.query_us), at_most=FLAT_GOAL
        ),
        limit("longest_write_while_indexing", "ms", value=longest, at_most=WAIT_MS_GOAL),
        *(_alone("longest_write_alone", "ms", one.alone.longest_ms) for one in made),
        *(_alone("index_made", "s", one.seconds) for one in made),
        *(
            _alone(f"{name}_p50_{sites}_sites", "us", at[sites])
            for name, at in (
                ("get", _medians(steps, lambda one: one.get_us)),
                ("query", _medians(steps, lambda one: one.query_us)),
            )
            for sites in at
        ),
        *(_alone(f"database_{one.sites}_sites", "GB", one.bytes / 1e9) for one in loaded[-1:]),
    ]


def _medians(steps: list[Step], read: Callable[[Step], float]) -> dict[int, float]:
    sizes = dict.fromkeys(one.sites for one in steps)
    return {
        sites: statistics.median(read(one) for one in steps if one.sites == sites)
        for sites in sizes
    }


def _spread(steps: list[Step], read: Callable[[Step], float]) -> float | None:
    values = _medians(steps, read).values()
    return max(values) / min(values) if values else None


def _alone(metric: str, unit: str, value: float) -> Result:
    return Result(
        metric=metric, unit=unit, better="lower", value=value, peer="none", peer_value=None
    )


def _grown(hanse: Contestant, postgres: Postgres, before: int, sites: int) -> Loaded:
    times = load(hanse, postgres, rows=ROWS, sites=range(before, sites))
    size = postgres.bytes(hanse.name)
    return Loaded(sites, (sites - before) * ROWS, times.copy, times.indexes, size)


def _asked(hanse: Contestant, postgres: Postgres, sites: int) -> Step:
    settings = hanse.settings(postgres) | _told(sites)
    said = run_module("benchmarks.data.scale.hanse_times", settings, core=machine.SERVER_CPU)
    times = msgspec.json.decode(said, type=Times)
    return Step(sites, times.get_us, times.query_us)


def _indexed(hanse: Contestant, postgres: Postgres, sites: int, seconds: float) -> Indexed:
    settings = hanse.settings(postgres) | _told(sites)
    with writing(settings) as alone:
        time.sleep(seconds)
    postgres.checkpoint()
    with writing(settings) as meanwhile:
        took = float(run_module("benchmarks.data.scale.hanse_more", settings))
    return Indexed(sites * ROWS, took, alone[0], meanwhile[0])


def _told(sites: int) -> dict[str, str]:
    told = Samples(sites=sites, rows=ROWS, count=SAMPLES, passes=PASSES)
    return {"BENCH_SAMPLES": msgspec.json.encode(told).decode()}


def _words(one: Done) -> str:
    if isinstance(one, Step):
        return f"get {one.get_us:,.0f} µs, query {one.query_us:,.0f} µs"
    if isinstance(one, Loaded):
        return f"{one.rows_added:,} rows in {one.copy_seconds:.0f} s"
    return (
        f"{one.rows:,} rows in {one.seconds:.0f} s, the longest of {one.meanwhile.writes:,} "
        f"writes waited {one.meanwhile.longest_ms:.0f} ms, alone {one.alone.longest_ms:.0f} ms"
    )
