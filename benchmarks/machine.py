"""What the kernel tells about this machine and about a process: cores, CPU time, memory."""

from __future__ import annotations

import datetime
import os
import platform
from pathlib import Path

SERVER_CPU = 0
LOAD_CPU = 1

_TICKS = os.sysconf("SC_CLK_TCK")


def describe() -> dict[str, str]:
    """The machine as published beside every figure."""
    cpu = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
            break
    return {
        "cpu": cpu,
        "cores": str(os.cpu_count()),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "libc": " ".join(platform.libc_ver()),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }


def cores() -> int:
    """How many there are."""
    return os.cpu_count() or 1


def pinned(cpu: int, command: list[str]) -> list[str]:
    """The command, bound to one core together with all threads and children it makes."""
    return ["taskset", "--cpu-list", str(cpu), *command]


def keep_to(pid: int, cpu: int) -> None:
    """Moves a process that runs, and all its threads, to one core."""
    for thread in Path("/proc", str(pid), "task").iterdir():
        os.sched_setaffinity(int(thread.name), [cpu])


def process_tree(pid: int) -> list[int]:
    """The process and all its descendants that are alive."""
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            found.extend(int(child) for child in _read(children).split())
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time used so far by the process tree (proc(5), fields utime and stime)."""
    total = 0
    for member in process_tree(pid):
        fields = _read(Path(f"/proc/{member}/stat")).rpartition(")")[2].split()
        if fields:
            total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def pss_bytes(pid: int) -> int:
    """Proportional set size of the process tree: private pages plus its share of shared ones."""
    return _smaps(pid, "Pss:")


def private_bytes(pid: int) -> int:
    """Pages only this process tree has: what would be free again if it ended."""
    return _smaps(pid, "Private_Clean:") + _smaps(pid, "Private_Dirty:")


def stolen_seconds() -> float:
    """Time the hypervisor kept from the two cores we use: the noise of a shared machine."""
    total = 0
    for line in Path("/proc/stat").read_text().splitlines():
        fields = line.split()
        if fields[0] in {f"cpu{SERVER_CPU}", f"cpu{LOAD_CPU}"}:
            total += int(fields[8])
    return total / _TICKS


def _smaps(pid: int, field: str) -> int:
    total = 0
    for member in process_tree(pid):
        for line in _read(Path(f"/proc/{member}/smaps_rollup")).splitlines():
            if line.startswith(field):
                total += int(line.split()[1]) * 1024
    return total


def _read(path: Path) -> str:
    """Text of a file of /proc, empty if its process has just ended."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
