"""Puts a region together that lives in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.fleet.control.hosts.foundry import Foundry
from hanse.fleet.control.hosts.hosts import Hosts
from hanse.fleet.control.hosts.publisher import Publisher
from hanse.fleet.control.region.ground import RegionGround
from hanse.fleet.control.region.local_region import LocalRegion
from hanse.fleet.directory.files import DirectoryWriter
from hanse.fleet.engine.nats import Nats
from hanse.kit.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hanse.fleet.control.choices import Choices
    from hanse.fleet.control.looks.watch import Watch
    from hanse.fleet.control.turns import Turns
    from hanse.fleet.state import StateFolder


def local_region(
    state: StateFolder,
    variables: Mapping[str, str],
    choices: Choices,
    watch: Watch,
    turns: Turns,
) -> tuple[LocalRegion, Publisher]:
    """A region, and what tells of it, which is to run beside it.

    Args:
        state: The region's state folder.
        variables: The environment.
        choices: Ports that were chosen.
        watch: Looks at processes.
        turns: One change after the other.
    """

    async def tell() -> None:
        publisher.front = ground.front()
        await publisher.publish()

    broker = Nats(state, variables).supervision()
    ground = RegionGround(state, broker, variables, SystemClock(), tell)
    publisher = Publisher(DirectoryWriter(state.directory, state.shares), ground.push)
    foundry = Foundry(state, variables, publisher.changed)
    hosts = Hosts(state, publisher, foundry.make)
    return LocalRegion(state, ground, hosts, choices, watch, turns), publisher
