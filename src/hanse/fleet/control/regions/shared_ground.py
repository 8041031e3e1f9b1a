"""What regions stand on together: plans of their brokers, authorities, the directory they share."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from hanse.fleet.control.hosts.rollout import CannotNow
from hanse.fleet.control.regions.desired import NO_MAJORITY
from hanse.fleet.directory.shared import SharedDirectory
from hanse.fleet.engine.brokers.plan_files import check_brokers, plan_brokers
from hanse.fleet.engine.brokers.reach import directory_config, tls_of
from hanse.fleet.identity.project_authority import ProjectAuthority
from hanse.fleet.identity.region_identity import RegionIdentity

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from hanse.fleet.control.regions.desired import DesiredStore
    from hanse.fleet.state import StateFolder
    from hanse.kit.clock import Clock

HEAD = "head"
"""What the head is called among regions."""

ENTRUSTED = timedelta(minutes=1)
"""So long what was just done for the same regions is not looked at again; authorities last days."""

LEAD_SECONDS = 30.0
"""For brokers that have just started to find each other."""


class Ground(Protocol):
    """What is asked of it; see `SharedGround`."""

    def check(self, regions: Iterable[StateFolder], *, running: bool) -> None: ...
    def prepare(self, project: str, regions: Iterable[StateFolder]) -> None: ...
    def entrust(self, project: str, regions: Iterable[StateFolder]) -> None: ...
    async def directory(self) -> DesiredStore: ...
    async def lead(self) -> None: ...
    async def close(self) -> None: ...


class SharedGround:
    """The head's part of it.

    Args:
        state: The fleet's own state folder.
        clock: Tells when identities end.
    """

    def __init__(self, state: StateFolder, clock: Clock) -> None:
        self._state = state
        self._clock = clock
        self._identity: RegionIdentity | None = None
        self._entrusted: tuple[object, datetime] | None = None
        self._directory: SharedDirectory | None = None
        self._stack = AsyncExitStack()

    def check(self, regions: Iterable[StateFolder], *, running: bool) -> None:
        """Looks whether brokers of so many regions can go on from those there were.

        Args:
            regions: Those there should be.
            running: Whether brokers of before run; they begin as what they are.

        Raises:
            BrokersError: They cannot.
        """
        check_brokers([one.region for one in regions], self._state, running=running)

    def prepare(self, project: str, regions: Iterable[StateFolder]) -> None:
        """Has folders hold what regions start by and cannot make by themselves.

        Raises:
            StateError: A file cannot be written.
        """
        states = list(regions)
        for one in states:
            one.prepare()
        plan_brokers({one.region: one for one in states}, self._state)
        self._entrusted = None
        self.entrust(project, states)

    def entrust(self, project: str, regions: Iterable[StateFolder]) -> None:
        """Gives regions, and the head, authorities that last; cheap while they do.

        A region that is not named any more is shut out when its authority has run out.

        Raises:
            StateError: A file cannot be written.
        """
        now, states = self._clock.now(), (self._state, *regions)
        asked = project, [one.identity for one in states]
        if self._entrusted is not None:
            before, at = self._entrusted
            if before == asked and at <= now < at + ENTRUSTED:
                return
        authority = ProjectAuthority(self._state.authority, project)
        for state in states:
            authority.entrust(state.region or HEAD, state.identity, now)
        if self._identity is None:
            self._identity = RegionIdentity(self._state.identity, project, HEAD)
            self._identity.issue("control", now=now)
        self._identity.renew(now)
        self._entrusted = asked, now

    async def directory(self) -> SharedDirectory:
        """What they share, once somebody was entrusted with anything."""
        if self._directory is None:
            config = directory_config(self._state, tls_of(self._state, "control"))
            shared = SharedDirectory(config, HEAD, self._state.root / "others.json")
            self._directory = await self._stack.enter_async_context(shared)
        return self._directory

    async def lead(self) -> None:
        """Makes the directory if it is not there, and returns when all of it was read.

        Raises:
            CannotNow: Brokers do not answer in time.
        """
        try:
            async with asyncio.timeout(LEAD_SECONDS):
                shared = await self.directory()
                await shared.lead()
                others = shared.others()
                while others.old:
                    others = await shared.until_changed(others.number)
        except TimeoutError:
            raise CannotNow(NO_MAJORITY) from None

    async def close(self) -> None:
        """Leaves the directory."""
        self._directory = None
        await self._stack.aclose()
