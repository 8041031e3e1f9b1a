"""Rounds of workflows: each contestant in its best way, on fresh ground, and all of it counted."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

import msgspec

from benchmarks import machine
from benchmarks.crew import crew
from benchmarks.environment import say
from benchmarks.load import LoadError
from benchmarks.workflows.contestants import Contestant, Ground, Way
from benchmarks.workflows.driver import Order, Run
from benchmarks.workflows.flow import STEPS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.data.postgres import Postgres
    from benchmarks.rounds import Timing

NAPS, NAP_SECONDS = 50, 2.0
"""Timers begun a second, and how long each of them is."""


class StepsRound(msgspec.Struct, frozen=True, tag="steps"):
    """Workflows of three steps. CPU times are of all processes, microseconds a workflow.

    Attributes:
        busy: Share of both cores that contestant and database used.
        stolen: Share that the hypervisor gave to others.
    """

    peer: str
    way: Way
    workflows_per_second: float
    service_us: float
    database_us: float
    p50_ms: float
    p99_ms: float
    busy: float
    stolen: float


class TimerRound(msgspec.Struct, frozen=True, tag="timer"):
    """How late sleepers were awake."""

    peer: str
    timers: int
    p50_ms: float
    p99_ms: float
    longest_ms: float


class Proof(msgspec.Struct, frozen=True, tag="proof"):
    """What a contestant was shown to have done before it was measured."""

    peer: str
    workflows: int
    steps: int


class Bench:
    """Runs contestants.

    Args:
        postgres: The one of all.
        timing: How long and how often.
    """

    def __init__(self, postgres: Postgres, timing: Timing) -> None:
        self._postgres = postgres
        self._timing = timing

    def prove(self, contestant: Contestant) -> Proof:
        """Some workflows in each way, every one of them looked at.

        Raises:
            LoadError: Something is missing, doubled or wrong.
        """
        workflows = 0
        for mode in contestant.modes:
            way = Way(mode, 1, min(contestant.at_once))
            workflows += sum(one.all_finished for one in self._steps(contestant, way, 0.5, 0)[0])
        return Proof(contestant.name, workflows, workflows * len(STEPS))

    def best(self, contestant: Contestant) -> Way:
        """The way in which most workflows finish."""
        rates: dict[Way, float] = {}
        for way in contestant.ways():
            runs, _ = self._steps(contestant, way, self._timing.calibration, 0.5)
            rates[way] = _rate(runs)
        best = max(rates, key=lambda way: rates[way])
        say(f"  {contestant.name}: best {_words(best)}")
        return best

    def steps(self, contestant: Contestant, way: Way) -> StepsRound:
        """One round."""
        timing = self._timing
        runs, used = self._steps(contestant, way, timing.seconds, timing.warm_up)
        finished, seconds = sum(one.finished for one in runs), max(one.seconds for one in runs)
        cpu = sum(one.cpu_seconds for one in runs)
        waits = sorted(wait for one in runs for wait in one.waits_ms)
        return StepsRound(
            peer=contestant.name,
            way=way,
            workflows_per_second=_rate(runs),
            service_us=cpu / finished * 1e6,
            database_us=used[0] / finished * 1e6,
            p50_ms=waits[len(waits) // 2],
            p99_ms=waits[len(waits) * 99 // 100],
            busy=(cpu + used[0]) / seconds / machine.cores(),
            stolen=used[1] / seconds / machine.cores(),
        )

    def timers(self, contestant: Contestant) -> TimerRound:
        """One round of sleepers."""
        seconds = self._timing.seconds
        naps = round(NAPS * seconds)
        order = Order(kind="timer", naps=naps, nap_seconds=NAP_SECONDS, seconds=seconds)
        with contestant.ground(self._postgres) as ground:
            runs, _ = _run(contestant, ground, [order])
        waits = sorted(runs[0].waits_ms)
        if len(waits) != naps:
            raise LoadError(f"{contestant.name} woke {len(waits)} of {naps}")
        p50, p99 = waits[len(waits) // 2], waits[len(waits) * 99 // 100]
        return TimerRound(contestant.name, naps, p50, p99, waits[-1])

    def _steps(
        self, contestant: Contestant, way: Way, seconds: float, warm_up: float
    ) -> tuple[list[Run], tuple[float, float]]:
        orders = [
            Order(
                kind="steps",
                mode=way.mode,
                process=process,
                at_once=way.at_once,
                seconds=seconds,
                warm_up=warm_up,
            )
            for process in range(way.processes)
        ]
        with contestant.ground(self._postgres) as ground:
            runs, used = _run(contestant, ground, orders)
            check(contestant.name, runs, ground)
        return runs, used


def check(name: str, runs: list[Run], ground: Ground) -> None:
    """Compare what the processes say with what is kept: nothing left out, nothing twice.

    Raises:
        LoadError: It differs.
    """
    finished, bodies = sum(one.all_finished for one in runs), sum(one.bodies for one in runs)
    kept = ground.kept()
    if bodies != finished * len(STEPS):
        raise LoadError(f"{name} finished {finished} workflows and ran {bodies} steps")
    if kept.workflows != finished or kept.steps not in {None, bodies}:
        raise LoadError(
            f"{name} finished {finished} workflows with {bodies} steps, and kept "
            f"{kept.workflows} with {kept.steps}"
        )


def median(done: Iterable[StepsRound], peer: str, figure: str) -> float | None:
    """Median of one figure of one peer, None if it was not measured."""
    values: list[float] = [getattr(one, figure) for one in done if one.peer == peer]
    return statistics.median(values) if values else None


def _run(
    contestant: Contestant, ground: Ground, orders: list[Order]
) -> tuple[list[Run], tuple[float, float]]:
    """What each process did, and the seconds that the database used and the hypervisor kept."""
    with crew(contestant.module, ground.settings, orders) as started:
        started.expect("ready")
        started.go()
        started.expect("warm")
        cpu, stolen = ground.cpu_seconds(), machine.stolen_seconds()
        started.go()
        runs = [msgspec.json.decode(said, type=Run) for said in started.hear()]
        used = ground.cpu_seconds() - cpu, machine.stolen_seconds() - stolen
    return runs, used


def _rate(runs: list[Run]) -> float:
    return sum(one.finished for one in runs) / max(one.seconds for one in runs)


def _words(way: Way) -> str:
    mode = f"by {way.mode}, " if way.mode else ""
    return f"{mode}{way.processes} processes, {way.at_once} at once in each"
