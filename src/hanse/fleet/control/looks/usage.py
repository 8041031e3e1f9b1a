"""What a process and its children use of the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import psutil

from hanse.kit.clock import unix_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator


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


class UsageMeter:
    """Looks at one process again and again.

    Args:
        pid: Its number.
        at: Monotonic seconds now.
    """

    def __init__(self, pid: int, at: float) -> None:
        self.pid = pid
        self._at = at
        self._spent = _cpu_seconds(pid)

    def look(self, at: float) -> Usage:
        """What it used since the last look; nothing, if it has ended."""
        spent, seconds = _cpu_seconds(self.pid), at - self._at
        cpu = max(0.0, spent - self._spent) / seconds if seconds > 0 else 0.0
        self._at, self._spent = at, spent
        return Usage(cpu, sum(map(_memory, _family(self.pid))), _age(self.pid))


def _family(pid: int) -> Iterator[psutil.Process]:
    """A process and all that it started."""
    try:
        process = psutil.Process(pid)
        yield process
        yield from process.children(recursive=True)
    except psutil.Error:
        return


def _cpu_seconds(pid: int) -> float:
    spent = 0.0
    for process in _family(pid):
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        spent += times.user + times.system
    return spent


def _memory(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
    except psutil.Error:
        return 0
    return int(getattr(full, "pss", 0) or full.rss)


def _age(pid: int) -> float:
    try:
        return max(0.0, unix_seconds() - psutil.Process(pid).create_time())
    except psutil.Error:
        return 0.0
