"""`hanse up` and its kin timed, and one service with one replica beside two."""

from __future__ import annotations

import contextlib
import resource
from typing import TYPE_CHECKING

import msgspec

from benchmarks.environment import say
from benchmarks.fleet import work
from benchmarks.fleet.project import Project, new_project
from benchmarks.load import run_wrk

if TYPE_CHECKING:
    from benchmarks.rounds import Timing

CLIENTS = 8
REPLICAS = (1, 2)


class Times(msgspec.Struct, frozen=True, tag="times"):
    """Seconds of each verb, in the order they were called in a fresh folder."""

    first_up: float
    restart: float
    down: float
    second_up: float


class Spread(msgspec.Struct, frozen=True, tag="spread"):
    """The costly method through the gateway, with so many hosts.

    Attributes:
        cpu: Cores used meanwhile, by kind of process; `load` is wrk.
    """

    replicas: int
    requests_per_second: float
    cpu: dict[str, float]


def measure_times(timing: Timing) -> list[Times]:
    """A fresh folder for each round.

    Raises:
        ServerError: A verb failed.
    """
    found: list[Times] = []
    for turn in range(timing.rounds):
        with new_project(work.service_text(1)) as project:
            found.append(Times(project.up(), project.restart(), project.down(), project.up()))
        one = found[-1]
        say(
            f"  verbs, round {turn + 1}/{timing.rounds}: first up {one.first_up:.2f} s, "
            f"restart {one.restart:.2f} s, down {one.down:.2f} s, second up {one.second_up:.2f} s"
        )
    return found


def measure_replicas(timing: Timing) -> list[Spread]:
    """Both projects are up all the time, and are loaded by turns.

    Raises:
        LoadError: An answer was wrong.
        ServerError: A verb failed.
    """
    iterations, found = work.calibrated(), list[Spread]()
    text = work.service_text(iterations)
    with contextlib.ExitStack() as stack:
        projects = {count: stack.enter_context(new_project(text, count)) for count in REPLICAS}
        for project in projects.values():
            project.up()
        for turn in range(timing.rounds):
            for count, project in projects.items():
                _drive(project, iterations, timing.warm_up / 2)
                found.append(_spread(project, count, iterations, timing.seconds))
                say(f"  replicas, round {turn + 1}/{timing.rounds}: {_words(found[-1])}")
    return found


def _spread(project: Project, count: int, iterations: int, seconds: float) -> Spread:
    before = {**project.cpu_seconds(), "load": 0.0}
    requests, taken, load = _drive(project, iterations, seconds)
    after = {**project.cpu_seconds(), "load": load}
    cpu = {kind: (used - before.get(kind, 0.0)) / taken for kind, used in after.items()}
    return Spread(count, requests / taken, cpu)


def _drive(project: Project, iterations: int, seconds: float) -> tuple[int, float, float]:
    """Right answers, seconds taken, and processor seconds of wrk."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    report = run_wrk(work.load(iterations), port=project.port, connections=CLIENTS, seconds=seconds)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return report.requests, report.seconds, used


def _words(one: Spread) -> str:
    cores = ", ".join(f"{kind} {share:.2f}" for kind, share in one.cpu.items())
    return f"{one.replicas} of them {one.requests_per_second:,.0f}/s; cores used: {cores}"
