"""Unpacks what lies packed in the place of backups; in a thread, for it takes a while."""

from __future__ import annotations

import io
import shutil
import tarfile
import zlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from hanse.fleet.backup.place import PlaceError
from hanse.fleet.backup.stream.receiver import PARTIAL
from hanse.fleet.backup.stream.segment import SEGMENT_BYTES
from hanse.fleet.state import telling

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hanse.fleet.backup.place import Place

_GZIP = 31


class _Stream(io.RawIOBase):
    """Pieces as a file that is read once."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while not self._rest or (size > len(self._rest)):
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._rest += piece
        found = self._rest if size < 0 else self._rest[:size]
        self._rest = self._rest[len(found) :]
        return found


def _unpacked(place: Place, name: str) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(wbits=_GZIP)
    try:
        yield from map(unpacker.decompress, place.fetch(name))
    except zlib.error as error:
        raise PlaceError(f"{name} in {place} is damaged: {error}") from error
    if not unpacker.eof:
        raise PlaceError(f"{name} in {place} is cut short.")


def _unpack(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Unpacks a file or folder; by hand, since `filter="data"` came with Python 3.11.4 only."""
    inner = PurePosixPath(member.name)
    if inner.is_absolute() or ".." in inner.parts:
        raise tarfile.TarError(f"{member.name} leads outside")
    path = folder / inner
    if member.isdir():
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return
    content = archive.extractfile(member) if member.isreg() else None
    if content is None:
        raise tarfile.TarError(f"{member.name} is neither a file nor a folder")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(0o600, exist_ok=False)
    with path.open("wb") as file:
        shutil.copyfileobj(content, file)


def unpack_archive(place: Place, name: str, folder: Path) -> None:
    """Unpacks an archive into a folder that is not there yet.

    Raises:
        PlaceError: It cannot be read, or is damaged.
        StateError: The disk is full.
    """
    with telling(folder):
        folder.mkdir(mode=0o700)
        pieces = _unpacked(place, name)
        try:
            with tarfile.open(fileobj=_Stream(pieces), mode="r|") as archive:
                for member in archive:
                    _unpack(archive, member, folder)
        except tarfile.TarError as error:
            raise PlaceError(f"{name} in {place} is damaged: {error}") from error
        for _ in pieces:  # up to the sum of all, at the end
            pass


def unpack_file(place: Place, name: str, path: Path) -> None:
    """Writes one file; it is unpacked if its name says that it is packed.

    Raises:
        PlaceError: It cannot be read, or is damaged.
        StateError: The disk is full.
    """
    with telling(path), path.open("wb") as file:
        file.writelines(_unpacked(place, name) if name.endswith(".gz") else place.fetch(name))


def unpack_segment(place: Place, name: str, path: Path) -> None:
    """Writes a segment of the log; nothing, if it was begun and whoever began it was killed.

    Raises:
        PlaceError: It cannot be read, or is damaged.
        StateError: The disk is full.
    """
    unpack_file(place, name, path)
    if path.stat().st_size == SEGMENT_BYTES:
        return
    if PARTIAL not in name:
        raise PlaceError(f"{name} in {place} is cut short.")
    path.unlink()
