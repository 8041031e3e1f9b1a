"""What processes and their children use of the machine."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import msgspec
import psutil

from hanse.fleet.engine.process_table import start_of
from hanse.kit.clock import unix_seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


MEMORY_SECONDS = 10.0
"""Between two looks at memory."""


class Usage(msgspec.Struct, frozen=True):
    """Between two looks.

    Attributes:
        cpu: Cores' worth, like 0.35.
        memory_bytes: Its proportional share of memory where the system tells, else resident.
        age_seconds: Since the process runs.
    """

    cpu: float = 0.0
    memory_bytes: int = 0
    age_seconds: float = 0.0


class Weighed(msgspec.Struct, frozen=True):
    """What a process and its children had of memory."""

    at: float
    memory_bytes: int


class Spent(msgspec.Struct, frozen=True):
    """What a process and its children have used up to a moment, in seconds."""

    at: float
    cpu: float


class UsageMeter:
    """Looks at processes again and again; it reads files of the kernel, so not on an event loop."""

    def __init__(self) -> None:
        self._spent: dict[int, Spent] = {}
        self._weighed: dict[int, Weighed] = {}

    def look(
        self, pids: Iterable[int], at: float, limits: Mapping[int, int] | None = None
    ) -> dict[int, Usage]:
        """What each used since the last look, by its number; those that have ended are left out.

        Args:
            pids: Numbers of processes.
            at: Monotonic seconds now.
            limits: Bytes of memory that are too much, by number: who may have more is weighed at
                each look.
        """
        parents = _children()  # one look at all processes, however many of them are ours
        families = {pid: list(_family(pid, parents)) for pid in pids}
        spent = {pid: Spent(at, sum(map(_cpu, family))) for pid, family in families.items()}
        found = {
            pid: Usage(
                _rate(self._spent.get(pid), spent[pid]),
                self._weigh(pid, family, at, (limits or {}).get(pid)),
                _age(pid),
            )
            for pid, family in families.items()
            if family
        }
        self._spent = spent
        self._weighed = {pid: one for pid, one in self._weighed.items() if pid in found}
        return found

    def _weigh(self, pid: int, family: list[psutil.Process], at: float, limit: int | None) -> int:
        """Memory of a family; the kernel walks through all of it, so not at each look.

        What is resident is told at once, and is never less than the share.
        """
        known = self._weighed.get(pid)
        heavy = limit is not None and sum(map(_resident, family)) > limit
        if known is None or heavy or at - known.at >= MEMORY_SECONDS:
            known = self._weighed[pid] = Weighed(at, sum(map(_memory, family)))
        return known.memory_bytes


def _children() -> dict[int, list[psutil.Process]]:
    found: dict[int, list[psutil.Process]] = {}
    for process in psutil.process_iter():
        try:
            found.setdefault(process.ppid(), []).append(process)
        except psutil.Error:
            continue
    return found


def _family(pid: int, children: dict[int, list[psutil.Process]]) -> Iterator[psutil.Process]:
    """A process and all that it started, unless it has ended."""
    try:
        yield psutil.Process(pid)
    except psutil.Error:
        return
    for child in children.get(pid, ()):
        yield from _family(child.pid, children)


def _rate(before: Spent | None, now: Spent) -> float:
    if before is None or now.at <= before.at:
        return 0.0
    return max(0.0, now.cpu - before.cpu) / (now.at - before.at)


def _cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return times.user + times.system


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _memory(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
    except psutil.Error:
        return 0
    return int(getattr(full, "pss", 0) or full.rss)


def _age(pid: int) -> float:
    start = start_of(pid)
    if start is None:
        return 0.0
    boot, _, number = start.rpartition(":")
    if boot and sys.platform == "linux":  # by the clock nobody sets, as the kernel writes it down
        ticks = float(number) / os.sysconf("SC_CLK_TCK")
        return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - ticks)
    return max(0.0, unix_seconds() - float(number))
