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
    """The digest under which a copy of this Hanse lies on the shelf; it is made if it is not there.

    Raises:
        StateError: The disk is full.
    """
    package = Path(hanse.__file__).parent
    if package.parent.parent == shelf.runtimes.resolve():
        return package.parent.name  # this runs from such a copy
    digest = _digest(package)
    folder = shelf.runtimes / digest
    if not folder.exists():
        with drafted(folder) as draft:
            # What Python has compiled comes along with its time, else every fleet compiled it anew.
            shutil.copytree(package, draft / "hanse", ignore=shutil.ignore_patterns("tests"))
    return digest


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
