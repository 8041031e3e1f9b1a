"""The way from the command line to the control process of the project one stands in."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvloop

from hanse.cli.fleet.called import called
from hanse.cli.place import project_folder
from hanse.cli.refusal import Refused
from hanse.fleet.control.api import Control
from hanse.fleet.state import StateFolder
from hanse.runtime.errors import DeadlineExceeded, Internal, Unavailable
from hanse.runtime.host import Host
from hanse.runtime.host_config import HostConfig

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Coroutine
    from typing import TypeVar

    T = TypeVar("T")


class NothingRuns(Refused):
    """No control process answers in this project."""

    def __init__(self) -> None:
        super().__init__(f"Nothing runs here. Start it: {called('up')}")


def enter_project() -> StateFolder:
    """Makes the project's folder the working directory, from which all sockets are named.

    Raises:
        Refused: There is none here or above.
    """
    os.chdir(project_folder())
    return StateFolder(Path())


@asynccontextmanager
async def connected(state: StateFolder) -> AsyncGenerator[Control]:
    """The control process, to be called.

    Raises:
        NothingRuns: It does not run.
        Refused: It runs and is at fault.
    """
    directory = {Control.__contract__.full_name: (f"unix:{state.control_socket}",)}
    async with Host([], HostConfig(port=None, docs=False, directory=directory)) as host:
        try:
            yield host.get(Control)
        except Unavailable as error:
            raise NothingRuns from error
        except (Internal, DeadlineExceeded) as error:
            raise Refused(
                f"The control process failed. Why: hanse logs control\n{error}"
            ) from error


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs one command to its end."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)
