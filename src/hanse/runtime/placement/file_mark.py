"""What tells a file from the one that stood under its name before."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def mark_of(file: Path) -> tuple[int, int, int] | None:
    """Differs where the file was replaced or written; None where there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
