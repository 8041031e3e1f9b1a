"""Who is at work on a shelf: those who build are beside each other, whoever clears is alone."""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from hanse.fleet.state import telling

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from hanse.fleet.releases.shelf import Shelf

CACHE = ".cache"
"""Of the installer, beside the environments it has made."""


@contextmanager
def building(shelf: Shelf) -> Generator[None]:
    """Lets nobody clear meanwhile, and first takes away what builds have left that were broken off.

    Raises:
        StateError: The disk is full, or it may not be written.
    """
    with _opened(shelf) as handle:
        if _is_alone(handle):
            sweep(shelf)
        fcntl.flock(handle, fcntl.LOCK_SH)  # whoever clears at the moment takes no time
        yield


@contextmanager
def clearing(shelf: Shelf) -> Generator[bool]:
    """Lets nobody build meanwhile; gives False where somebody does, who may need all there is.

    Raises:
        StateError: It may not be written.
    """
    with _opened(shelf) as handle:
        yield _is_alone(handle)


def sweep(shelf: Shelf) -> None:
    """Takes away all drafts; nobody may be at work on one."""
    folders = (shelf.trees, shelf.environments, shelf.runtimes, shelf.releases, shelf.wishes)
    for folder in (*folders, *shelf.blobs.iterdir()):
        for path in folder.glob(".*"):
            if path.name != CACHE:
                _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def _opened(shelf: Shelf) -> Generator[int]:
    path = shelf.folder / "lock"
    with telling(path):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        yield handle
    finally:
        os.close(handle)


def _is_alone(handle: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
