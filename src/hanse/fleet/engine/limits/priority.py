"""Who goes first where processors are short: what all stand on, and hosts after that."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path

from hanse.kit.chance import RANDOM
from hanse.kit.clock import wait_set

BEHIND = 5
"""Steps of niceness: a host gets a third of what is ready beside it (sched(7), 1.25 a step)."""

MOST = 19

AGAIN_SECONDS = 0.1, 1.0
"""Until it is tried again: sixty hosts that start together are all behind after some seconds."""


def put_behind(pid: int) -> bool:
    """Has a process, and what it will begin, give way to what is started as usual.

    Sixty hosts that all wait for a database keep it from ever answering, if each of them gets as
    much of the processors as it does.

    Returns:
        Whether there is nothing left to do; see `stay_behind`.

    Raises:
        ProcessLookupError: It is gone.
    """
    niceness = min(MOST, os.getpriority(os.PRIO_PROCESS, 0) + BEHIND)
    with suppress(PermissionError):  # a sandbox may not let us
        os.setpriority(os.PRIO_PROCESS, pid, niceness)
    # Where the kernel groups by session (sched(7), "autogroup"), groups compete, and not processes.
    group = Path(f"/proc/{pid}/autogroup")
    try:
        if group.read_text().split()[-1:] != [str(niceness)]:
            group.write_text(str(niceness))
    except BlockingIOError:
        return False
    except OSError:  # there are no groups, or nobody lets us
        pass
    return True


async def stay_behind(pid: int) -> None:
    """Puts it behind until all of it is.

    The kernel lets who is not root do that with ten sessions a second, of all users together
    (`proc_sched_autogroup_set_nice`). Of two hosts that begin together and are compared, one would
    have three times as much of the processors for as long as they live.
    """
    never = asyncio.Event()
    with suppress(ProcessLookupError):
        while not put_behind(pid):
            await wait_set(never, RANDOM.uniform(*AGAIN_SECONDS))
