"""Hanse itself as a layer: a copy, so that an upgrade beside it changes nothing that runs."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import hanse
from hanse.fleet.releases.draft import drafted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hanse.fleet.releases.shelf import Shelf

_SKIPPED = frozenset({"tests", "__pycache__"})


def runtime_of(shelf: Shelf) -> str:
    """The digest under which a copy of this Hanse lies on the shelf.

    It is made if it is not there, or is another one by now.

    Raises:
        StateError: The disk is full.
    """
    package = Path(hanse.__file__).parent
    if package.parent.parent == shelf.runtimes.resolve():
        return package.parent.name  # this runs from such a copy
    digest = _digest(package)
    folder = shelf.runtimes / digest
    if not folder.is_dir() or _digest(folder / package.name) != digest:
        with drafted(folder, instead=os.path.lexists(folder)) as draft:
            _copy(package, draft / package.name)
    return digest


def _copy(package: Path, draft: Path) -> None:
    """Up to the first file that fails; what Python has compiled comes along, with its time.

    Else every fleet compiled it anew.
    """
    for place, folders, files in os.walk(package):
        folders[:] = [one for one in folders if one != "tests"]
        into = draft / Path(place).relative_to(package)
        into.mkdir(mode=0o700)
        for file in files:
            shutil.copy2(Path(place, file), into / file)


def _digest(package: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(_files(package)):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files(package: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(package):
        folders[:] = [one for one in folders if one not in _SKIPPED]
        yield from (Path(place, file) for file in files)
