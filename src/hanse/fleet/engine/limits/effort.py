"""Whether a process that says nothing works, or would if a processor were free."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import psutil

from hanse.kit.clock import monotonic

_NANOSECONDS = 1e-9


class Effort:
    """That of one process, as its threads have run, or waited for a processor.

    What hangs has done neither, and what starves on a machine with too much to do a lot of the
    second (the first two numbers of `schedstat`, docs.kernel.org/scheduler/sched-stats.html).

    Args:
        pid: Of the process.
        family: Whether what it has begun counts too, as those do who answer for a database.
    """

    def __init__(self, pid: int, *, family: bool = False) -> None:
        self._pid = pid
        self._family = family
        self._seconds: dict[str, float] = {}
        self._looked = 0.0

    def share(self) -> float:
        """Of the time since it was asked last; 1 is one thread without a pause.

        0 the first time, and where the kernel does not say. Threads that ended take nothing away.
        """
        before, since = self._seconds, self._looked
        self._seconds, self._looked = self._read(), monotonic()
        if not since:
            return 0.0
        grown = (spent - before.get(one, 0.0) for one, spent in self._seconds.items())
        return sum(max(0.0, each) for each in grown) / (self._looked - since)

    def _read(self) -> dict[str, float]:
        """By thread."""
        pids = [self._pid]
        with suppress(psutil.Error):
            if self._family:
                pids += [one.pid for one in psutil.Process(self._pid).children(recursive=True)]
        return {name: spent for pid in pids for name, spent in _threads_of(pid).items()}


def _threads_of(pid: int) -> dict[str, float]:
    found: dict[str, float] = {}
    for file in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with suppress(OSError, ValueError):  # it ends meanwhile, or the kernel keeps no such record
            ran, waited, _ = file.read_text().split()
            found[str(file)] = (int(ran) + int(waited)) * _NANOSECONDS
    return found
