"""Tells hosts and gateway who serves what now: the directory's file, and the gateway's picture."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from hanse.fleet.control.hosts.given_shares import LEASE_SECONDS, GivenShares
from hanse.fleet.control.hosts.reported import reported_of
from hanse.fleet.control.hosts.told import (
    Around,
    directory_of,
    shares_of,
    together_of,
    upstreams_of,
)
from hanse.fleet.control.region.front import Front
from hanse.fleet.gateway.picture import Picture
from hanse.kit.clock import monotonic, wait_set

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hanse.fleet.control.hosts.member import Member
    from hanse.fleet.control.region.neighbours import Neighbours
    from hanse.fleet.directory.files import DirectoryWriter
    from hanse.fleet.gateway.picture import RegionalIdentity

log = logging.getLogger("hanse.control")

RETRY_SECONDS = 1.0

RENEW_SECONDS = 2.0
"""Between two times that shares are given anew: so three of them may be late."""


class Published(NamedTuple):
    """What hosts have read when they know all of it.

    Attributes:
        directory: Revision of who serves what.
        shares: Revision of the shares.
        reported: What other regions have read then; None where they could not be told.
    """

    directory: int
    shares: int
    reported: int | None = 0


class _Written(NamedTuple):
    """Revisions of what hosts read, and what the gateway is to know with that."""

    directory: int
    shares: int
    picture: Picture


class Publisher:
    """Publishes at every change, one revision after the other.

    Args:
        file: The directory's.
        push: Brings a picture to the gateway.
        neighbours: Other regions.

    Attributes:
        members: Who there is; to be changed in place, and told by `changed`.
        given: Shares of canaries and twins; likewise.
        front: What the gateway shows besides services.
        identity: Who the gateway is to hosts of other regions; None where there are none.
        notes: What else an operator should know of the region.
        drained: Whether other regions are to take all requests, as far as they can.
        rejected: Why the gateway did not take the last picture; empty when it did.
    """

    def __init__(
        self,
        file: DirectoryWriter,
        push: Callable[[Picture], Awaitable[object]],
        neighbours: Neighbours,
    ) -> None:
        self._file = file
        self._push = push
        self.neighbours = neighbours
        self._turn = asyncio.Lock()
        self._reporting = asyncio.Lock()
        self._woken = asyncio.Event()
        self._dirty = False
        self._picture = Picture(())
        self._shown_at = 0.0
        self.members: list[Member] = []
        self.given = GivenShares()
        self.front = Front()
        self.identity: RegionalIdentity | None = None
        self.notes: tuple[str, ...] = ()
        self.drained = False
        self.rejected = ""

    def changed(self) -> None:
        """Something is otherwise than it was published; soon it will be."""
        self._dirty = True
        self._woken.set()

    async def share(self, deployment: str, canary: float, twin: float) -> None:
        """Gives shares, see `GivenShares`; returns when hosts and gateway are told.

        The same shares as before are not told at once: those that are given are told anew every
        `RENEW_SECONDS` anyhow.

        Raises:
            StateError: They cannot be written.
        """
        if self.given.give(deployment, canary, twin, monotonic()):
            self._woken.set()  # from now on they are told anew
            await self.publish()

    async def run(self) -> None:
        """Publishes changes as they come, until it is cancelled."""
        never = asyncio.Event()
        while True:
            await wait_set(self._woken, self._seconds_left())
            self._woken.clear()
            try:
                await self._catch_up()
            except Exception:
                log.exception("What has changed cannot be published; it is tried again.")
                self.changed()
                await wait_set(never, RETRY_SECONDS)

    async def _catch_up(self) -> None:
        """Tells what nobody has told since it changed: whoever was before in the line told all."""
        async with self._turn:
            changed = self.given.look(monotonic()) or self._dirty
            if changed:
                await self._tell()
            elif self._seconds_left() == 0:
                await self._renew()
        if changed:
            await self._report()

    def _seconds_left(self) -> float | None:
        """Until given shares are over, or to be told anew; None if there are none."""
        now = monotonic()
        left = self.given.seconds_left(now)
        return None if left is None else max(0.0, min(self._shown_at + RENEW_SECONDS - now, left))

    async def publish(self) -> Published:
        """Publishes how things are now.

        Raises:
            StateError: The directory cannot be written.
        """
        try:
            async with self._turn:
                directory, shares = await self._tell()
            return Published(directory, shares, await self._report())
        except BaseException:
            self.changed()
            raise

    async def _tell(self) -> tuple[int, int]:
        """Hosts and gateway, of all there is now; the revisions that hosts read."""
        self._dirty = False
        directory, shares, picture = self._written()
        await self._show(picture)
        return directory, shares

    async def _report(self) -> int | None:
        # In a line of its own: where brokers are away, hosts and gateway are told all the same.
        async with self._reporting:
            return await self.neighbours.report(reported_of(self.members))

    def begin(self) -> Picture:
        """How things are, for a gateway that there is no way to yet: it is told nothing less.

        Raises:
            StateError: The directory cannot be written.
        """
        self._picture = self._written().picture
        return self._picture

    def _written(self) -> _Written:
        """Writes what hosts read; what the gateway is to know then."""
        self.given.look(monotonic())
        taken = self.neighbours.taken() if self.drained else frozenset[str]()
        around = Around(self.neighbours.elsewhere(), taken)
        services, together = directory_of(self.members, around), together_of(self.members)
        directory = self._file.write(services, around.elsewhere, together)
        shares = self._give()
        upstreams = tuple(
            one.drained() if one.service in taken else one
            for one in upstreams_of(self.members, self.given, around)
        )
        picture = Picture(upstreams, *self.front, shares, LEASE_SECONDS, identity=self.identity)
        return _Written(directory, shares, picture)

    async def _renew(self) -> None:
        """Has the shares last on, and nothing else: that is little, however large the fleet."""
        await self._show(msgspec.structs.replace(self._picture, renewal=self._give()))

    def _give(self) -> int:
        contracts, hosts = shares_of(self.members, self.given)
        if self.drained and self.neighbours.taken():  # nor does it begin anything that nobody calls
            hosts = {one.name: 0.0 for one in self.members}
        return self._file.give(contracts, hosts, LEASE_SECONDS)

    async def _show(self, picture: Picture) -> None:
        self._shown_at = monotonic()
        try:
            await self._push(picture)
            self._picture = picture
            self.rejected = ""
        except Exception as error:  # noqa: BLE001 - whatever it says, people are told
            self.rejected = f"The gateway does not take its configuration: {error}"
            log.error("%s", self.rejected)  # noqa: TRY400 - Envoy's words say it all
