"""The control process of one region: `python -m hanse.fleet.control.region.main REGION PROJECT`.

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
from hanse.fleet.control.region.following import follow_others
from hanse.fleet.control.region.identities import Identities
from hanse.fleet.control.region.local_region import LocalRegion
from hanse.fleet.control.region.making import Made, Making, Surroundings, local_region
from hanse.fleet.control.region.neighbours import SharedNeighbours
from hanse.fleet.control.region.service import RegionService
from hanse.fleet.control.turns import Turns
from hanse.fleet.directory.shared import SharedDirectory
from hanse.fleet.engine.brokers.reach import directory_config, tls_of
from hanse.fleet.engine.brokers.region_nats import RegionNats
from hanse.fleet.state import StateError, StateFolder
from hanse.kit import environment
from hanse.kit.clock import SystemClock, wait_set
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.host import Host
from hanse.runtime.host_config import HostConfig
from hanse.runtime.telemetry.log import configure

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger("hanse.region")

LOOK_SECONDS = 2.0


def main(name: str, project: str, variables: Mapping[str, str]) -> int:
    """Looks after a region until it is asked to leave it.

    Args:
        name: Of the region.
        project: The project's name.
        variables: The environment.

    Returns:
        1 when it cannot work here: another one is in charge, the disk is full, or the head has
        entrusted it with nothing.
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
            runner.run(_control(state, project, variables))
    except (StateError, ConfigurationError) as error:
        log.error("%s", error)  # noqa: TRY400 - it says what is wrong and the way out
        return 1
    return 0


async def _control(state: StateFolder, project: str, variables: Mapping[str, str]) -> None:
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    identities = Identities(state, project, SystemClock())
    config = directory_config(state, tls_of(state, "control"))
    snapshot = state.folder / "others.json"
    directory = SharedDirectory(config, state.region, snapshot, drained=lambda: control.drained)
    control = _Control(state, identities, directory, variables)
    async with directory:
        await control.run(over)


class _Control:
    """All of a region that has neighbours."""

    def __init__(
        self,
        state: StateFolder,
        identities: Identities,
        directory: SharedDirectory,
        variables: Mapping[str, str],
    ) -> None:
        self._state = state
        self._identities = identities
        self._directory = directory
        self._nats = RegionNats(state, variables)
        self._broker = self._nats.supervision()
        self._turns = Turns()
        choices = Choices(state.folder / "ports.json")
        around = Surroundings(
            self._broker, SharedNeighbours(directory, state.region), identities.of_host
        )
        making = Making(variables, choices, Watch(), self._turns)
        self._made: Made = local_region(state, making, around)

    @property
    def drained(self) -> bool:
        """Whether other regions are to take all requests."""
        return self._made.hosts.drained

    async def run(self, over: asyncio.Event) -> None:
        """Works until it is over, and leaves everything running."""
        region, publisher, hosts = self._made
        self._show_identity()
        await region.adopt()
        config = HostConfig(
            name=f"{self._state.region} control",
            port=None,
            socket=self._state.control_socket,
            docs=False,
        )
        provided: dict[type, object] = {LocalRegion: region, Turns: self._turns}
        async with Host([RegionService], config, provided=provided):
            works = (
                publisher.run(),
                self._turns.run(),
                follow_others(self._directory, hosts),
                self._look_often(over),
            )
            tasks = [asyncio.create_task(one) for one in works]
            try:
                await over.wait()
            finally:
                for task in tasks:
                    task.cancel()
                await region.leave()

    async def _look_often(self, over: asyncio.Event) -> None:
        while True:
            try:
                await self._look()
            except Exception:
                log.exception("A look at the region failed; the next one may not.")
            await wait_set(over, LOOK_SECONDS)

    def _show_identity(self) -> None:
        """Has the gateway know who it is."""
        identity, publisher = self._identities.of_gateway(), self._made.publisher
        if publisher.identity != identity:
            publisher.identity = identity
            publisher.changed()

    async def _look(self) -> None:
        if self._identities.look([one.name for one in self._made.hosts.members]):
            self._show_identity()
        self._made.publisher.notes = self._identities.notes
        self._nats.renewed(self._broker.pid)
        await self._made.region.look()
        if any(one.serving and not one.mutual_address for one in self._made.hosts.members):
            self._made.publisher.changed()  # its door is told of a moment after it is ready


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], environment.variables()))
