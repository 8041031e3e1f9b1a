"""One layer of an image: files in a tar, the same bytes whenever and wherever it is written."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FILE, PROGRAM, FOLDER = 0o644, 0o755, 0o755


class Entry(NamedTuple):
    """One file, folder or link.

    Attributes:
        path: From the root of the image, without a slash before it.
        source: Its bytes, or where they lie; None for a folder or a link.
        link: Where a link leads to.
        mode: Who may do what with it.
        owner: Number of its user and its group.
    """

    path: str
    source: bytes | Path | None = None
    link: str = ""
    mode: int = FILE
    owner: int = 0


def write_tar(entries: Iterable[Entry], into: IO[bytes]) -> None:
    """Writes files with their folders, in the order of their paths.

    No times, no names of users, no compression, which every zlib does in its own way.

    Args:
        entries: What is in it; of two of one path the last one counts.
        into: Where to.
    """
    named = {one.path: one for one in entries}
    whole = {path: Entry(path, mode=FOLDER) for path in _folders(named)} | named
    with tarfile.open(fileobj=into, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(whole):
            _add(tar, whole[path])


def _folders(paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        parts = path.split("/")
        yield from ("/".join(parts[:depth]) for depth in range(1, len(parts)))


def _add(tar: tarfile.TarFile, entry: Entry) -> None:
    info = tarfile.TarInfo(entry.path)
    info.mode, info.uid, info.gid = entry.mode, entry.owner, entry.owner
    if entry.link:
        info.type, info.linkname = tarfile.SYMTYPE, entry.link
        tar.addfile(info)
    elif entry.source is None:
        info.type = tarfile.DIRTYPE
        tar.addfile(info)
    elif isinstance(entry.source, Path):
        with entry.source.open("rb") as file:
            info.size = file.seek(0, io.SEEK_END)
            file.seek(0)
            tar.addfile(info, file)
    else:
        info.size = len(entry.source)
        tar.addfile(info, io.BytesIO(entry.source))
