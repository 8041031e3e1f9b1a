"""What tells a file from the one that was there before, for whoever looks at it again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FileMark = tuple[int, int, int]


def mark_of(file: Path) -> FileMark | None:
    """Another one for a file that was replaced or written; None where there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
