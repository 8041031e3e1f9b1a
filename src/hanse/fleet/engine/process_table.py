"""What the kernel says of processes: when one began, whether it lives, who shares its session."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import psutil

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_ENDED = "ZX"
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def start_of(pid: int) -> str | None:
    """When a process began, as a mark that no other process of this number ever has.

    Returns:
        None if there is no such process, or it has ended and only waits to be noticed.
    """
    if sys.platform != "linux":
        return _start_elsewhere(pid)
    found = _stat(pid)
    return None if found is None else found.start


class Sight(NamedTuple):
    """A process at one moment.

    Attributes:
        pid: Its number.
        parent: The number of who started it, or of who took it over.
        start: When it began, as `start_of` says.
        cpu: Seconds of processor time up to now.
        resident_bytes: What of it is in memory, shared or not.
    """

    pid: int
    parent: int
    start: str
    cpu: float
    resident_bytes: int

    @property
    def who(self) -> tuple[int, str]:
        """What no other process ever has."""
        return self.pid, self.start


def sight_of(pid: int) -> Sight | None:
    """A process, read at once; None if there is none that runs and that we may look at."""
    with suppress(PermissionError):
        return _stat(pid) if sys.platform == "linux" else _sight_elsewhere(pid)
    return None


def _stat(pid: int) -> Sight | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes().decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name in brackets may hold anything, brackets and spaces too; fields count from its end.
    state, *fields = text.rpartition(")")[2].split()
    if state in _ENDED:
        return None
    # Ticks since the machine started: unlike psutil's time they stay when the clock is set.
    start, cpu = f"{_boot()}:{fields[18]}", (int(fields[10]) + int(fields[11])) / _TICKS
    return Sight(pid, int(fields[0]), start, cpu, int(fields[20]) * _PAGE_BYTES)


def _sight_elsewhere(pid: int) -> Sight | None:
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        with process.oneshot():
            times, start = process.cpu_times(), str(process.create_time())
            resident = process.memory_info().rss
            return Sight(pid, process.ppid(), start, times.user + times.system, resident)
    return None


def _start_elsewhere(pid: int) -> str | None:
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        if process.status() != psutil.STATUS_ZOMBIE:
            return str(process.create_time())
    return None


@lru_cache(maxsize=1)
def _boot() -> str:
    return _BOOT.read_text().strip()


def session_members(leader: int, start: str) -> list[int]:
    """The processes of a session, its leader among them while that lives.

    Args:
        leader: Its number, which is the session's.
        start: When it began. If another one has its number now, the session is not the one meant.
    """
    now = start_of(leader)
    if now is not None and now != start:
        return []
    return [pid for pid in psutil.pids() if _session(pid) == leader and start_of(pid) is not None]


def _session(pid: int) -> int | None:
    with suppress(ProcessLookupError, PermissionError):
        return os.getsid(pid)
    return None
