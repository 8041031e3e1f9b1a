"""Writes the file every host reads: which service is served where, and which revision that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.state import write_whole
from hanse.runtime.placement.directory import DirectoryFile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class DirectoryWriter:
    """Whoever reads the file sees one revision or the next.

    Args:
        path: Where the hosts look for it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written = _read(path)

    def write(self, services: Mapping[str, tuple[str, ...]]) -> int:
        """Makes these the addresses; the revision stays if nothing changes.

        Returns:
            The revision that holds them.

        Raises:
            StateError: It cannot be written.
        """
        if dict(services) != self._written.services or not self._path.exists():
            written = DirectoryFile(self._written.revision + 1, dict(services))
            write_whole(self._path, msgspec.json.encode(written))
            self._written = written
        return self._written.revision


def _read(path: Path) -> DirectoryFile:
    """What the file holds; nothing, if there is none or it cannot be understood."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=DirectoryFile)
    except (FileNotFoundError, msgspec.MsgspecError):
        return DirectoryFile()
