"""Writes the files every host reads: which service is served where, and who has which share."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from hanse.fleet.state import write_whole
from hanse.runtime.placement.directory import DirectoryFile
from hanse.runtime.placement.shares import SharesFile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hanse.runtime.placement.directory import Together
    from hanse.runtime.placement.shares import Part

T = TypeVar("T", DirectoryFile, SharesFile)


class DirectoryWriter:
    """Whoever reads the files sees one revision or the next.

    Args:
        directory: Where the hosts look for who serves what.
        shares: Where they look for shares.
    """

    def __init__(self, directory: Path, shares: Path) -> None:
        self._directory, self._shares = directory, shares
        self._written = _read(directory, DirectoryFile)
        self._given = _read(shares, SharesFile)

    def write(
        self,
        services: Mapping[str, tuple[str, ...]],
        elsewhere: Mapping[str, tuple[str, ...]] | None = None,
        together: Sequence[Together] = (),
    ) -> int:
        """Makes these the addresses; the revision stays if nothing changes.

        Args:
            services: By contract, of this region.
            elsewhere: By contract, of other regions.
            together: Hosts that call each other first.

        Returns:
            The revision that holds them.

        Raises:
            StateError: It cannot be written.
        """
        revision, told = self._written.revision, (dict(services), dict(elsewhere or {}))
        said = DirectoryFile(revision, *told, tuple(together))
        if said != self._written or not self._directory.exists():
            written = msgspec.structs.replace(said, revision=self._written.revision + 1)
            write_whole(self._directory, msgspec.json.encode(written))
            self._written = written
        return self._written.revision

    def give(
        self, contracts: Mapping[str, tuple[Part, ...]], hosts: Mapping[str, float], seconds: float
    ) -> int:
        """Makes these the shares, from now on for so many seconds: the same again is given anew.

        Returns:
            The revision that holds them.

        Raises:
            StateError: It cannot be written.
        """
        said = SharesFile(self._given.revision, seconds, dict(contracts), dict(hosts))
        if contracts or said != self._given or not self._shares.exists():
            self._given = msgspec.structs.replace(said, revision=said.revision + 1)
            write_whole(self._shares, msgspec.json.encode(self._given))
        return self._given.revision


def _read(path: Path, kind: type[T]) -> T:
    """What the file holds; nothing, if there is none or it cannot be understood."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (FileNotFoundError, msgspec.MsgspecError):
        return kind()
