"""Who the processes of a region are to the others, as long as they run."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from hanse.fleet.gateway.picture import RegionalIdentity
from hanse.fleet.identity.kept import AUTHORITY, TRUSTED
from hanse.fleet.identity.region_identity import RegionIdentity
from hanse.runtime.config.file_mark import mark_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from hanse.fleet.state import StateFolder
    from hanse.kit.clock import Clock
    from hanse.runtime.config.file_mark import FileMark
    from hanse.runtime.mutual.tls import Tls

LOOKED = timedelta(minutes=1)
"""Between two looks: certificates last an hour, and are exchanged at half of it."""

BROKER_NAMES = ("127.0.0.1", "localhost")
"""Brokers look at where they connected to, besides who it says that it is."""


class Identities:
    """Gives them out, and renews them.

    Args:
        state: The region's state folder, which the head has entrusted with an authority.
        project: The project's name.
        clock: Tells when they end.

    Attributes:
        control: That of the region's control.
        broker: That of its broker.
        notes: What is wrong with them, in sentences.

    Raises:
        IdentityError: There is no authority, or it has run out.
        StateError: A file cannot be written.
    """

    def __init__(self, state: StateFolder, project: str, clock: Clock) -> None:
        self.region = RegionIdentity(state.identity, project, state.region)
        self._files = state.identity / AUTHORITY, state.identity / TRUSTED
        self._looked: tuple[list[FileMark | None], datetime] | None = None
        self._project = project
        self._clock = clock
        self._hosts: set[str] = set()
        now = clock.now()
        self.region.issue("gateway", now=now)
        self.control = self.region.issue("control", now=now)
        self.broker = self.region.issue("broker", now=now, addresses=BROKER_NAMES)
        self.notes: tuple[str, ...] = ()

    def of_host(self, name: str) -> Tls:
        """That of a host, from now on until it is none of `hosts` at a look.

        Raises:
            IdentityError: The authority has run out.
            StateError: The file cannot be written.
        """
        self._hosts.add(name)
        return self.region.issue("host", name, now=self._clock.now())

    def of_gateway(self) -> RegionalIdentity:
        """That of the gateway, with whom it believes."""
        own, trusted = self.region.certificate("gateway"), self.region.trusted()
        return RegionalIdentity(own, trusted, self._project)

    def look(self, hosts: Collection[str]) -> bool:
        """Forgets hosts that are gone, and renews what is due.

        That is looked at once a minute, at once where the head gave other files, and again where
        something is wrong.

        Args:
            hosts: Names of those there are.

        Returns:
            Whether it was looked at.
        """
        for name in self._hosts - set(hosts):
            self.region.forget("host", name)
            self._hosts.discard(name)
        now, marks = self._clock.now(), [mark_of(file) for file in self._files]
        if self._looked is not None and not self.notes:
            before, at = self._looked
            if before == marks and at <= now < at + LOOKED:
                return False
        self.notes = self.region.renew(now).problems
        self._looked = marks, now
        return True
