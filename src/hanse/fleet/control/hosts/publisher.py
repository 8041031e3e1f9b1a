"""Tells hosts and gateway who serves what now: the directory's file, and the gateway's picture."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from hanse.fleet.control.hosts.given_shares import LEASE_SECONDS, GivenShares
from hanse.fleet.control.hosts.told import directory_of, shares_of, upstreams_of
from hanse.fleet.control.region.front import Front
from hanse.fleet.gateway.picture import Picture
from hanse.kit.clock import monotonic, wait_set

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hanse.fleet.control.hosts.member import Member
    from hanse.fleet.directory.files import DirectoryWriter

log = logging.getLogger("hanse.control")

RETRY_SECONDS = 1.0

RENEW_SECONDS = 2.0
"""Between two times that shares are given anew: so three of them may be late."""


class Published(NamedTuple):
    """What hosts have read when they know all of it.

    Attributes:
        directory: Revision of who serves what.
        shares: Revision of the shares.
    """

    directory: int
    shares: int


class Publisher:
    """Publishes at every change, one revision after the other.

    Args:
        file: The directory's.
        push: Brings a picture to the gateway.

    Attributes:
        members: Who there is; to be changed in place, and told by `changed`.
        given: Shares of canaries and twins; likewise.
        front: What the gateway shows besides services.
        rejected: Why the gateway did not take the last picture; empty when it did.
    """

    def __init__(self, file: DirectoryWriter, push: Callable[[Picture], Awaitable[object]]) -> None:
        self._file = file
        self._push = push
        self._turn = asyncio.Lock()
        self._dirty = asyncio.Event()
        self._picture = Picture(())
        self.members: list[Member] = []
        self.given = GivenShares()
        self.front = Front()
        self.rejected = ""

    def changed(self) -> None:
        """Something is otherwise than it was published; soon it will be."""
        self._dirty.set()

    async def run(self) -> None:
        """Publishes changes as they come, until it is cancelled."""
        never = asyncio.Event()
        while True:
            await wait_set(self._dirty, self._renewal_due())
            changed = self._dirty.is_set() or self.given.look(monotonic())
            self._dirty.clear()
            try:
                await (self.publish() if changed else self._renew())
            except Exception:
                log.exception("What has changed cannot be published; it is tried again.")
                self._dirty.set()
                await wait_set(never, RETRY_SECONDS)

    def _renewal_due(self) -> float | None:
        left = self.given.seconds_left(monotonic())
        return None if left is None else max(0.0, min(RENEW_SECONDS, left))

    async def publish(self) -> Published:
        """Publishes how things are now.

        Raises:
            StateError: The directory cannot be written.
        """
        async with self._turn:
            self.given.look(monotonic())
            directory = self._file.write(directory_of(self.members))
            shares = self._give()
            upstreams = upstreams_of(self.members, self.given)
            await self._show(Picture(upstreams, *self.front, shares, LEASE_SECONDS))
            return Published(directory, shares)

    async def _renew(self) -> None:
        """Has the shares last on, and nothing else: that is little, however large the fleet."""
        async with self._turn:
            await self._show(msgspec.structs.replace(self._picture, renewal=self._give()))

    def _give(self) -> int:
        return self._file.give(*shares_of(self.members, self.given), LEASE_SECONDS)

    async def _show(self, picture: Picture) -> None:
        try:
            await self._push(picture)
            self._picture = picture
            self.rejected = ""
        except Exception as error:  # noqa: BLE001 - whatever it says, people are told
            self.rejected = f"The gateway does not take its configuration: {error}"
            log.error("%s", self.rejected)  # noqa: TRY400 - Envoy's words say it all
