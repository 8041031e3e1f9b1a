"""Puts a region together that lives in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hanse.fleet.control.hosts.foundry import Foundry
from hanse.fleet.control.hosts.hosts import Hosts
from hanse.fleet.control.hosts.publisher import Publisher
from hanse.fleet.control.region.ground import RegionGround
from hanse.fleet.control.region.local_region import LocalRegion
from hanse.fleet.control.region.neighbours import NoNeighbours
from hanse.fleet.directory.files import DirectoryWriter
from hanse.fleet.engine.nats import Nats
from hanse.kit.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hanse.fleet.control.choices import Choices
    from hanse.fleet.control.looks.watch import Watch
    from hanse.fleet.control.region.front import Front
    from hanse.fleet.control.region.neighbours import Neighbours
    from hanse.fleet.control.turns import Turns
    from hanse.fleet.engine.supervision import Supervision
    from hanse.fleet.gateway.picture import Picture
    from hanse.fleet.state import StateFolder
    from hanse.runtime.mutual.tls import Tls


class Surroundings(NamedTuple):
    """What a region stands in.

    Attributes:
        broker: What keeps its broker running.
        neighbours: Other regions.
        identity: Gives a host, by name, who it is to them; None where there are none.
    """

    broker: Supervision
    neighbours: Neighbours
    identity: Callable[[str], Tls] | None = None


def alone(state: StateFolder, variables: Mapping[str, str]) -> Surroundings:
    """Those of the only one."""
    return Surroundings(Nats(state, variables).supervision(), NoNeighbours())


class Making(NamedTuple):
    """What a region is made with, whatever surrounds it.

    Attributes:
        variables: The environment.
        choices: Ports that were chosen.
        watch: Looks at processes.
        turns: One change after the other.
    """

    variables: Mapping[str, str]
    choices: Choices
    watch: Watch
    turns: Turns


class Made(NamedTuple):
    """A region, and what tells of it, which is to run beside it."""

    region: LocalRegion
    publisher: Publisher
    hosts: Hosts


def local_region(state: StateFolder, making: Making, around: Surroundings) -> Made:
    """A region.

    Args:
        state: The region's state folder.
        making: What it is made with.
        around: What it stands in.
    """

    async def tell() -> None:
        publisher.front = ground.front()
        await publisher.publish()

    def begin(front: Front) -> Picture:
        publisher.front = front
        return publisher.begin()

    variables = making.variables
    ground = RegionGround(state, around.broker, variables, SystemClock(), tell, begin)
    files = DirectoryWriter(state.directory, state.shares)
    publisher = Publisher(files, ground.push, around.neighbours)
    foundry = Foundry(state, variables, publisher.changed, around.identity)
    hosts = Hosts(state, publisher, foundry.make)
    made = LocalRegion(state, ground, hosts, making)
    return Made(made, publisher, hosts)
