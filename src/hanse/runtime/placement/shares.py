"""Which share of a contract's calls goes to hosts that are judged, as a file says, for a while."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec

from hanse.runtime.config.file_mark import mark_of
from hanse.runtime.placement.told_file import read_told

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

log = logging.getLogger("hanse.directory")

FILE_BYTES_MAX = 1024 * 1024


class Part(msgspec.Struct, frozen=True):
    """Hosts of one release that are judged, or that others are judged by.

    Attributes:
        addresses: Where they are called.
        share: Of all calls of a contract, from 0 to 1.
    """

    addresses: tuple[str, ...]
    share: float


class SharesFile(msgspec.Struct, frozen=True):
    """What the file says; whoever writes it replaces it whole, and again to have it last on.

    Attributes:
        revision: Counts up with every writing.
        lease_seconds: For which its reader holds to it, from when it saw the revision first:
            whoever writes it may die, and would take no share back. No clocks are compared.
        contracts: Parts by full name of the contract; what they leave is the other hosts'.
        hosts: Of each host of a part, by name: its share of all that nobody calls, such as events.
    """

    revision: int = 0
    lease_seconds: float = 10.0
    contracts: dict[str, tuple[Part, ...]] = {}
    hosts: dict[str, float] = {}


class Shares:
    """Reads the file, and forgets what it says when nobody says it again.

    Args:
        file: The file; None for none.
        name: Of this host.

    Attributes:
        name: As given.
    """

    def __init__(self, file: Path | None, name: str = "") -> None:
        self._file = file
        self.name = name
        self._seen: object = self  # as no file ever is: the first look reads
        self._written = SharesFile()
        self._until = 0.0
        self._valid = False

    @property
    def revision(self) -> int:
        """That of the file as it was last understood; 0 before."""
        return self._written.revision

    def own(self) -> float:
        """This host's share of what nobody calls; 1 where it is not judged.

        A host that is judged has none where nobody says so any more.
        """
        share = self._written.hosts.get(self.name, 1.0)
        return share if self._valid or self.name not in self._written.hosts else 0.0

    def of(self, contract: str) -> tuple[Part, ...]:
        """The parts of a contract."""
        return self._written.contracts.get(contract, ()) if self._valid else ()

    def look(self, now: float, check: Callable[[str], object]) -> bool:
        """Reads the file if it has changed; whether anything is otherwise than before.

        Args:
            now: Monotonic seconds.
            check: Raises `ValueError` for an address that cannot be called.
        """
        before = (self._written, self._valid)
        seen = None if self._file is None else mark_of(self._file)
        if self._file is not None and seen != self._seen:
            self._seen = seen
            self._read(self._file, now, check)
        self._valid = now < self._until
        return before != (self._written, self._valid)

    def _read(self, file: Path, now: float, check: Callable[[str], object]) -> None:
        try:
            written = _understood(file, check)
        except FileNotFoundError:
            return  # nothing is judged yet; or what was said runs out
        except (OSError, ValueError) as error:
            log.warning("The shares in %s cannot be used (%s); they run out.", file, error)
            return
        if written.revision != self._written.revision:
            self._until = now + written.lease_seconds
        self._written = written


def _understood(file: Path, check: Callable[[str], object]) -> SharesFile:
    written = read_told(file, SharesFile, FILE_BYTES_MAX)
    for parts in written.contracts.values():
        if not (all(one.share >= 0 for one in parts) and sum(one.share for one in parts) <= 1.001):
            raise ValueError("shares are 0 or more, and 1 at most together")
        for one in parts:
            for address in one.addresses:
                check(address)
    return written
