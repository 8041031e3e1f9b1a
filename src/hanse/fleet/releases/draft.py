"""Makes a folder under another name first: under its own it is there whole or not at all."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from hanse.fleet.state import telling

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@contextmanager
def drafted(folder: Path, *, instead: bool = False) -> Generator[Path]:
    """Where to make what is to lie in a folder.

    Args:
        folder: What is to be there in the end.
        instead: Whether what lies there now is no good; else, where another one was quicker, theirs
            stays.

    Raises:
        StateError: The disk is full, or it may not be written.
    """
    draft = folder.with_name(f".{folder.name}.{os.getpid()}")
    with telling(folder):
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        try:
            yield draft
            if instead:
                _put_away(folder)
            _exchange(draft, folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def _put_away(folder: Path) -> None:
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    with suppress(FileNotFoundError):
        folder.rename(old)
        shutil.rmtree(old, ignore_errors=True)


def _exchange(draft: Path, folder: Path) -> None:
    try:
        draft.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
