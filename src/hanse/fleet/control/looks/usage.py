"""What processes and their children use of the machine."""

from __future__ import annotations

import os
import sys
import time
from math import inf
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import psutil

from hanse.fleet.engine.process_table import Sight, sight_of
from hanse.kit.clock import unix_seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


MEMORY_SECONDS = 10.0
"""Between two looks at memory."""

SAME_SECONDS = 60.0
"""Between two at one whose resident memory stays within `MOVED` of what it was."""

MOVED = 0.01


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


class Weighed(NamedTuple):
    """What a process had of memory, and what of that was resident then."""

    at: float
    resident_bytes: int
    memory_bytes: int


class UsageMeter:
    """Looks at processes again and again; it reads files of the kernel, so not on an event loop."""

    def __init__(self) -> None:
        self._at = self._surveyed = -inf
        self._parents: dict[int, int] = {}
        self._cpu: dict[tuple[int, str], float] = {}
        self._weighed: dict[tuple[int, str], Weighed] = {}

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
        children = self._children(at)
        families = [list(_family(pid, children)) for pid in pids]
        found = {
            family[0].pid: Usage(
                self._rate(family, at),
                self._weigh(family, at, (limits or {}).get(family[0].pid, inf)),
                _age(family[0].start),
            )
            for family in families
            if family
        }
        self._at, self._cpu = at, {one.who: one.cpu for family in families for one in family}
        self._weighed = {who: one for who, one in self._weighed.items() if who in self._cpu}
        return found

    def _children(self, at: float) -> dict[int, list[int]]:
        """Who started whom; who is new is asked, and now and then all: some are taken over."""
        if at - self._surveyed >= MEMORY_SECONDS:
            self._parents, self._surveyed = {}, at
        before, self._parents = self._parents, {}
        children: dict[int, list[int]] = {}
        for pid in psutil.pids():
            parent = before[pid] if pid in before else _parent(pid)
            self._parents[pid] = parent
            children.setdefault(parent, []).append(pid)
        return children

    def _rate(self, family: list[Sight], at: float) -> float:
        """Of those that were there at the last look as well: a new one is no burst."""
        if at <= self._at:
            return 0.0
        spent = sum(one.cpu - self._cpu.get(one.who, one.cpu) for one in family)
        return spent / (at - self._at)

    def _weigh(self, family: list[Sight], at: float, limit: float) -> int:
        """Memory of a family; what is resident is told at once, and never less than the share."""
        heavy = sum(one.resident_bytes for one in family) > limit
        for one in family:
            known = self._weighed.get(one.who)
            if known is None or heavy or _is_stale(known, one, at):
                self._weighed[one.who] = Weighed(at, one.resident_bytes, _memory(one.pid))
        return sum(self._weighed[one.who].memory_bytes for one in family)


def _is_stale(known: Weighed, sight: Sight, at: float) -> bool:
    """Whether to weigh it anew: the kernel walks through all of its memory for that."""
    moved = abs(sight.resident_bytes - known.resident_bytes) > known.resident_bytes * MOVED
    return at - known.at >= (MEMORY_SECONDS if moved else SAME_SECONDS)


def _parent(pid: int) -> int:
    sight = sight_of(pid)
    return 0 if sight is None else sight.parent


def _family(pid: int, children: Mapping[int, list[int]], parent: int = 0) -> Iterator[Sight]:
    """A process and all that it started, unless it has ended or the number is another's now."""
    sight = sight_of(pid)
    if sight is not None and parent in {0, sight.parent}:
        yield sight
        for child in children.get(pid, ()):
            yield from _family(child, children, pid)


def _memory(pid: int) -> int:
    try:
        full = psutil.Process(pid).memory_full_info()
    except psutil.Error:
        return 0
    return int(getattr(full, "pss", 0) or full.rss)


def _age(start: str) -> float:
    boot, _, number = start.rpartition(":")
    if boot and sys.platform == "linux":  # by the clock nobody sets, as the kernel writes it down
        ticks = float(number) / os.sysconf("SC_CLK_TCK")
        return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - ticks)
    return max(0.0, unix_seconds() - float(number))
