"""The control process of one region: `python -m hanse.fleet.control.region.main REGION`.

It looks after the region whether or not the head lives, and changes what the head asks for.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from hanse.fleet.control.choices import Choices
from hanse.fleet.control.looks.watch import Watch
from hanse.fleet.control.region.local_region import LocalRegion
from hanse.fleet.control.region.making import local_region
from hanse.fleet.control.region.service import RegionService
from hanse.fleet.control.turns import Turns
from hanse.fleet.engine.log_file import trim_log
from hanse.fleet.state import StateError, StateFolder
from hanse.kit import environment
from hanse.kit.clock import wait_set
from hanse.runtime.host import Host
from hanse.runtime.host_config import HostConfig
from hanse.runtime.telemetry.log import configure

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger("hanse.region")

LOOK_SECONDS = 2.0


def main(name: str, variables: Mapping[str, str]) -> int:
    """Looks after a region until it is asked to leave it.

    Args:
        name: Of the region.
        variables: The environment.

    Returns:
        1 when it cannot work here: another one is in charge, or the disk is full.
    """
    os.umask(0o077)
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    configure(root, sys.stderr, "json", dict)
    state = StateFolder(Path(), name)
    try:
        with (
            state.lock(f"The control process of region {name}"),
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            runner.run(_control(state, variables))
    except StateError as error:
        log.error("%s", error)  # noqa: TRY400 - it says what is wrong and the way out
        return 1
    return 0


async def _control(state: StateFolder, variables: Mapping[str, str]) -> None:
    over, turns = asyncio.Event(), Turns()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    choices = Choices(state.folder / "ports.json")
    region, publisher = local_region(state, variables, choices, Watch(), turns)
    config = HostConfig(
        name=f"{state.region} control", port=None, socket=state.control_socket, docs=False
    )
    provided: dict[type, object] = {LocalRegion: region, Turns: turns}
    await region.adopt()
    async with Host([RegionService], config, provided=provided):
        works = (publisher.run(), turns.run(), _look_often(region, state, over))
        tasks = [asyncio.create_task(one) for one in works]
        try:
            await over.wait()
        finally:
            for task in tasks:
                task.cancel()
            await region.leave()


async def _look_often(region: LocalRegion, state: StateFolder, over: asyncio.Event) -> None:
    while True:
        try:
            await region.look()
            trim_log(state.log("control"))
        except Exception:
            log.exception("A look at the region failed; the next one may not.")
        await wait_set(over, LOOK_SECONDS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], environment.variables()))
