"""Which contracts are served by other hosts, and where: as configured, or as a file says."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec

from hanse.kit.clock import monotonic
from hanse.runtime.config.file_mark import mark_of
from hanse.runtime.placement.shares import Shares
from hanse.runtime.placement.told_file import read_told

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

log = logging.getLogger("hanse.directory")

FILE_BYTES_MAX = 8 * 1024 * 1024


class Together(msgspec.Struct, frozen=True):
    """Hosts of several groups that are deployed as one, of one release: they call each other.

    Attributes:
        hosts: Their names.
        services: Addresses of theirs by full name of the contract.
    """

    hosts: tuple[str, ...]
    services: dict[str, tuple[str, ...]]


class DirectoryFile(msgspec.Struct, frozen=True):
    """What is read of the file; whoever writes it replaces it whole.

    Attributes:
        revision: Counts up with every change.
        services: Addresses by full name of the contract.
        elsewhere: The same in other regions: called where none of the above answers.
        together: Hosts that call each other, before all of the above.
    """

    revision: int = 0
    services: dict[str, tuple[str, ...]] = {}
    elsewhere: dict[str, tuple[str, ...]] = {}
    together: tuple[Together, ...] = ()


class Directory:
    """Addresses by contract.

    Args:
        configured: These stay. An entry wins over the file, and over what is served here, so that
            a test can force every call over the wire.
        file: Says where everything else is, and is looked at again and again; None for none.
        local: Full names of the contracts served here, whatever the file says of them.
        shares: What goes to hosts that are judged, besides.
    """

    def __init__(
        self,
        configured: Mapping[str, tuple[str, ...]],
        file: Path | None = None,
        local: Collection[str] = (),
        shares: Shares | None = None,
    ) -> None:
        self.configured = configured
        self._file = file
        self._local = frozenset(local)
        self._written = DirectoryFile()
        self._seen: object = self  # as no file ever is: the first look reads
        self.shares = shares or Shares(None)

    @property
    def revision(self) -> int:
        """That of the file as it was last understood; 0 before."""
        return self._written.revision

    def __contains__(self, name: str) -> bool:
        """Whether a contract is served elsewhere."""
        written = self._written
        known = name in written.services or name in written.elsewhere
        return (known and name not in self._local) or name in self.configured

    def addresses(self, name: str) -> tuple[str, ...]:
        """Where a contract is served; nowhere, if the file says so or knows it no more."""
        return self.configured.get(name) or self._written.services.get(name, ())

    def elsewhere(self, name: str) -> tuple[str, ...]:
        """Where a contract is served in other regions, as the file says."""
        return () if name in self.configured else self._written.elsewhere.get(name, ())

    def together(self, name: str) -> tuple[str, ...]:
        """Where a contract is served by those with whom this host is deployed, of its release."""
        if name in self.configured:
            return ()
        mine = (one for one in self._written.together if self.shares.name in one.hosts)
        return next((one.services.get(name, ()) for one in mine), ())

    def look(self, check: Callable[[str], object]) -> bool:
        """Reads the files if they have changed; whether they now say something else.

        What cannot be used changes nothing, and is said once.

        Args:
            check: Raises `ValueError` for an address that cannot be called.
        """
        shifted = self.shares.look(monotonic(), check)
        return self._look(check) or shifted

    def _look(self, check: Callable[[str], object]) -> bool:
        seen = None if self._file is None else mark_of(self._file)
        if self._file is None or seen == self._seen:
            return False
        self._seen = seen
        try:
            self._written = _read(self._file, check)
        except (OSError, ValueError) as error:
            log.warning(
                "The directory %s cannot be used (%s); what is known of other hosts stays.",
                self._file,
                error,
            )
            return False
        return True


def _read(file: Path, check: Callable[[str], object]) -> DirectoryFile:
    written = read_told(file, DirectoryFile, FILE_BYTES_MAX)
    together = (addresses for one in written.together for addresses in one.services.values())
    for addresses in (*written.services.values(), *written.elsewhere.values(), *together):
        for address in addresses:
            check(address)
    return written
