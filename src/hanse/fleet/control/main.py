"""The control process: `python -m hanse.fleet.control.main`, in the project's folder."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import uvloop

from hanse.fleet.control.api import Asked
from hanse.fleet.control.begin import KEEPER
from hanse.fleet.control.choices import Choices
from hanse.fleet.control.fleet import Fleet
from hanse.fleet.control.ground.ground import Ground
from hanse.fleet.control.keeper import EXIT_OTHER_IN_CHARGE
from hanse.fleet.control.looks.watch import Watch
from hanse.fleet.control.region.making import Making, alone, local_region
from hanse.fleet.control.regions.region_book import read_book
from hanse.fleet.control.service import ControlService
from hanse.fleet.control.staging.desk import StagingDesk
from hanse.fleet.control.staging.service import StagingService
from hanse.fleet.control.turns import Turns
from hanse.fleet.engine.postgres import Postgres
from hanse.fleet.state import StateError, StateFolder
from hanse.kit import environment
from hanse.kit.clock import SystemClock, wait_set
from hanse.runtime.host import Host
from hanse.runtime.host_config import HostConfig
from hanse.runtime.telemetry.log import configure

if TYPE_CHECKING:
    from hanse.fleet.control.hosts.publisher import Publisher
    from hanse.fleet.control.regions.regions import Regions

log = logging.getLogger("hanse.control")

EXIT_FAILED = 1
LOOK_SECONDS = 0.5


def main(variables: Mapping[str, str]) -> int:
    """Controls until it is asked to stop.

    Args:
        variables: The environment.

    Returns:
        0 when everything has ended or goes on without control, as it was told; 1 when it cannot
        work here; 3 when another process is in charge.
    """
    os.umask(0o077)
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    configure(root, sys.stderr, "json", dict)
    state = StateFolder(Path())
    with ExitStack() as charge:
        try:
            charge.enter_context(state.lock("The control process of hanse up"))
        except StateError as error:
            log.warning("%s", error)
            return EXIT_OTHER_IN_CHARGE
        return _take_charge(state, variables)


def _take_charge(state: StateFolder, variables: Mapping[str, str]) -> int:
    try:
        asked = msgspec.json.decode(state.asked.read_bytes(), type=Asked)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            has_ended = runner.run(_control(state, asked, variables))
    except StateError as error:  # like a full disk: the keeper tries again until there is space
        log.error("%s", error)  # noqa: TRY400 - it says what is wrong and the way out
        return EXIT_FAILED
    if has_ended:
        state.asked.unlink(missing_ok=True)
    return 0


async def _control(state: StateFolder, asked: Asked, variables: Mapping[str, str]) -> bool:
    choices, watch, turns = Choices(state.choices), Watch(), Turns()
    publisher: Publisher | None = None
    regions: Regions
    if asked.regions is None:  # as many as there were, or none
        asked = msgspec.structs.replace(asked, regions=len(read_book(state).names) or None)
    if asked.regions:
        regions = _several(state, variables, watch)
    else:
        making = Making(variables, choices, watch, turns)
        regions, publisher, _ = local_region(state, making, alone(state, variables))
    ground = Ground(state, Postgres(state, variables).supervision(), variables, SystemClock())
    fleet = Fleet(state, ground, regions, turns, choices, watch)
    _end_on_signals(fleet)
    config = HostConfig(name="control", port=None, socket=state.control_socket, docs=False)
    provided: dict[type, object] = {Fleet: fleet, StagingDesk: fleet.staging}
    async with Host([ControlService, StagingService], config, provided=provided):
        works = [_keep_keeper(os.getppid())]
        if publisher is not None:
            works.append(publisher.run())
        tasks = [asyncio.create_task(one) for one in works]
        try:
            return await fleet.run(asked)
        finally:
            for task in tasks:
                task.cancel()


def _several(state: StateFolder, variables: Mapping[str, str], watch: Watch) -> Regions:
    # With the client of their brokers, which a fleet without regions does not wait for.
    from hanse.fleet.control.regions.many_regions import ManyRegions
    from hanse.fleet.control.regions.region_set import RegionSet
    from hanse.fleet.control.regions.remote_region import RemoteRegion
    from hanse.fleet.control.regions.shared_ground import SharedGround

    def made(name: str, project: str) -> RemoteRegion:
        return RemoteRegion(name, project, state, variables)

    return ManyRegions(RegionSet(state, made), SharedGround(state, SystemClock()), watch)


def _end_on_signals(fleet: Fleet) -> None:
    """A polite end of the control process is an end of control alone: what runs goes on."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, fleet.leave)


async def _keep_keeper(parent: int) -> None:
    """Starts a new keeper when ours is gone, once; that one waits for our end."""
    never = asyncio.Event()
    while os.getppid() == parent:
        await wait_set(never, LOOK_SECONDS)
    log.warning("The keeper is gone; there is a new one.")
    # Nobody waits for it: it is to outlive us.
    await asyncio.create_subprocess_exec(*KEEPER, str(os.getpid()), start_new_session=True)


if __name__ == "__main__":
    sys.exit(main(environment.variables()))
