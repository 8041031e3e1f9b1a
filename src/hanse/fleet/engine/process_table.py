"""What the kernel says of processes: when one began, whether it lives, who shares its session."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import psutil

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_ENDED = "ZX"


def start_of(pid: int) -> str | None:
    """When a process began, as a mark that no other process of this number ever has.

    Returns:
        None if there is no such process, or it has ended and only waits to be noticed.
    """
    if sys.platform != "linux":
        return _start_elsewhere(pid)
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes().decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name in brackets may hold anything, brackets and spaces too; fields count from its end.
    state, *fields = text.rpartition(")")[2].split()
    # Ticks since the machine started: unlike psutil's time they stay when the clock is set.
    return None if state in _ENDED else f"{_boot()}:{fields[18]}"


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
