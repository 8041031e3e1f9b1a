"""Starts the control process again whenever it ends without having been asked to.

    python -m hanse.fleet.control.keeper [PID]

With a number it first waits for the control process that runs already: that one started it, because
its own keeper had gone. As each starts the other, no single death leaves a fleet without control.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from threading import Event

from hanse.fleet.engine.process_table import start_of
from hanse.fleet.state import StateFolder
from hanse.kit.backoff import Backoff
from hanse.kit.clock import monotonic

# It starts programs, which gRPC would warn of: none of them ever speaks gRPC.
VARIABLES = ("env", "GRPC_ENABLE_FORK_SUPPORT=0")
CONTROL = (*VARIABLES, sys.executable, "-P", "-m", "hanse.fleet.control.main")
EXIT_OTHER_IN_CHARGE = 3
"""What a control process ends with when another one has the state folder."""

HEALTHY_SECONDS = 10.0
LOOK_SECONDS = 0.1


def main() -> None:
    """Keeps control as long as the state folder says that something is asked for."""
    state = StateFolder(Path())
    if len(sys.argv) > 1:
        _wait_for(int(sys.argv[1]))
        if not state.asked.exists():
            return
    backoff, never = Backoff(), Event()
    while True:
        begun = monotonic()
        code = subprocess.call(CONTROL)  # noqa: S603 - a module of ours
        if code == EXIT_OTHER_IN_CHARGE or not state.asked.exists():
            return
        if monotonic() - begun > HEALTHY_SECONDS:
            backoff.reset()
        never.wait(backoff.next())


def _wait_for(pid: int) -> None:
    """Returns when a process has ended, though nobody may have taken note of that.

    It is the child of a keeper that is gone, and the first process of a container often waits for
    no child of others.
    """
    begun, never = start_of(pid), Event()
    while begun is not None and start_of(pid) == begun:
        never.wait(LOOK_SECONDS)


if __name__ == "__main__":
    main()
