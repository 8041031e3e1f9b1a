"""Tells hosts and gateway who serves what now: the directory's file, and the gateway's picture."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from hanse.fleet.control.ground.front import Front
from hanse.fleet.gateway.picture import Endpoint, Picture, Upstream
from hanse.kit.clock import wait_set

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from hanse.fleet.control.hosts.member import Member
    from hanse.fleet.directory import DirectoryWriter

log = logging.getLogger("hanse.control")

RETRY_SECONDS = 1.0


class Publisher:
    """Publishes at every change, one revision after the other.

    Args:
        file: The directory's.
        push: Brings a picture to the gateway.

    Attributes:
        members: Who there is; to be changed in place, and told by `changed`.
        front: What the gateway shows besides services.
        rejected: Why the gateway did not take the last picture; empty when it did.
    """

    def __init__(self, file: DirectoryWriter, push: Callable[[Picture], Awaitable[object]]) -> None:
        self._file = file
        self._push = push
        self._turn = asyncio.Lock()
        self._dirty = asyncio.Event()
        self.members: list[Member] = []
        self.front = Front()
        self.rejected = ""

    def changed(self) -> None:
        """Something is otherwise than it was published; soon it will be."""
        self._dirty.set()

    async def run(self) -> None:
        """Publishes changes as they come, until it is cancelled."""
        never = asyncio.Event()
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            try:
                await self.publish()
            except Exception:
                log.exception("What has changed cannot be published; it is tried again.")
                self._dirty.set()
                await wait_set(never, RETRY_SECONDS)

    async def publish(self) -> int:
        """Publishes how things are now; returns the directory's revision.

        Raises:
            StateError: The directory cannot be written.
        """
        async with self._turn:
            revision = self._file.write(directory_of(self.members))
            picture = Picture(upstreams_of(self.members), *self.front)
            try:
                await self._push(picture)
                self.rejected = ""
            except Exception as error:  # noqa: BLE001 - whatever it says, people are told
                self.rejected = f"The gateway does not take its configuration: {error}"
                log.error("%s", self.rejected)  # noqa: TRY400 - Envoy's words say it all
            return revision


def directory_of(members: Sequence[Member]) -> dict[str, tuple[str, ...]]:
    """Addresses of every contract.

    Where nobody serves it at the moment, those who are about to: a caller is then told at once that
    it is not available, and that it will be again.
    """
    found: dict[str, tuple[str, ...]] = {}
    for contract in dict.fromkeys(name for one in members for name in one.group.contracts):
        having = [one for one in members if contract in one.group.contracts]
        answering = [one for one in having if one.answering]
        serving = [one for one in having if one.serving]
        staying = [one for one in having if not one.leaving]
        found[contract] = tuple(
            f"unix:{one.socket}" for one in answering or serving or staying or having
        )
    return found


def upstreams_of(members: Sequence[Member]) -> tuple[Upstream, ...]:
    """Every unit the outside can reach, with its hosts."""
    units = {unit.name: unit for one in members for unit in one.group.units if unit.segments}
    return tuple(
        Upstream(name, unit.segments, _endpoints(name, members)) for name, unit in units.items()
    )


def fronts_of(members: Sequence[Member]) -> tuple[str, ...]:
    """Where people can begin to look, of everything that runs."""
    units = (unit for one in members for unit in one.group.units)
    return tuple(sorted({front for unit in units for front in unit.fronts}))


def _endpoints(unit: str, members: Sequence[Member]) -> tuple[Endpoint, ...]:
    """Those that leave get nothing new; nor do those that are silent, where another one answers.

    Where nobody serves, those that are about to are named: the gateway tries them for a while,
    which bridges the restart of an only host; no host at all would be a refusal at once.
    """
    having = [one for one in members if any(each.name == unit for each in one.group.units)]
    answering = [one for one in having if one.answering]
    serving = [one for one in having if one.serving]
    taking = answering or serving or [one for one in having if not one.leaving]
    return tuple(
        Endpoint(str(one.gate), draining=one not in taking)
        for one in having
        if one in taking or one.supervision.stage in {"ready", "stopping"}
    )
