"""The file every host reads: which service is served where, and which revision of that this is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Directory(msgspec.Struct, frozen=True):
    """What the file holds.

    Attributes:
        revision: Counts up with every change.
        services: Addresses by full name of the contract.
    """

    revision: int = 0
    services: dict[str, tuple[str, ...]] = {}


class DirectoryFile:
    """Writes the file whole or not at all: whoever reads it sees one revision or the next.

    Args:
        path: Where the hosts look for it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.directory = read_directory(path)

    def write(self, services: Mapping[str, tuple[str, ...]]) -> int:
        """Makes these the addresses; the revision stays if nothing changes.

        Returns:
            The revision that holds them.

        Raises:
            OSError: It cannot be written.
        """
        if dict(services) != self.directory.services or not self._path.exists():
            directory = Directory(self.directory.revision + 1, dict(services))
            draft = self._path.with_name(f".{self._path.name}")
            draft.write_bytes(msgspec.json.encode(directory))
            draft.replace(self._path)
            self.directory = directory
        return self.directory.revision


def read_directory(path: Path) -> Directory:
    """What a file holds; nothing, if there is none or it cannot be understood."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Directory)
    except (FileNotFoundError, msgspec.MsgspecError):
        return Directory()
