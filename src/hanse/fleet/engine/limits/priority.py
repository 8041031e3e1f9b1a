"""Who goes first where processors are short: what all stand on, and hosts after that."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

BEHIND = 5
"""Steps of niceness: a host gets a third of what is ready beside it (sched(7), 1.25 a step)."""

MOST = 19


def put_behind(pid: int) -> None:
    """Has a process, and what it will begin, give way to what is started as usual.

    Sixty hosts that all wait for a database keep it from ever answering, if each of them gets as
    much of the processors as it does.

    Raises:
        ProcessLookupError: It is gone.
    """
    niceness = min(MOST, os.getpriority(os.PRIO_PROCESS, 0) + BEHIND)
    with suppress(PermissionError):  # a sandbox may not let us
        os.setpriority(os.PRIO_PROCESS, pid, niceness)
    # Where the kernel groups by session (sched(7), "autogroup"), groups compete, and not processes.
    with suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(niceness))
