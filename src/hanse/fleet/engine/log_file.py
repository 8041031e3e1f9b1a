"""The log of a process: a file it appends to by itself, kept within a bound by who started it."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LOG_BYTES_MAX = 16 * 1024 * 1024
"""What a log may grow to; the part before is kept once, as `NAME.log.1`."""

TAIL_BYTES = 16 * 1024
CHUNK_BYTES = 1024 * 1024


def open_log(path: Path) -> int:
    """A descriptor that appends, in a file that only this user reads."""
    trim_log(path)
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def trim_log(path: Path, most: int = LOG_BYTES_MAX) -> None:
    """Puts a log that has grown too long aside and empties it.

    It is moved by copying, because the process that writes has the file open and keeps it; a line
    written between copying and emptying is lost.
    """
    try:
        if path.stat().st_size <= most:
            return
    except FileNotFoundError:
        return
    with suppress(OSError):  # where the disk is full, emptying matters more than keeping
        _keep(path, most)
    os.truncate(path, 0)


def last_lines(path: Path, count: int, since: int = 0) -> tuple[str, ...]:
    """The last lines of a log.

    Args:
        path: Of the log.
        count: Lines at most.
        since: Bytes at the beginning that do not count, because they are about something older.
    """
    try:
        with path.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            start = min(since, size)
            log.seek(max(start, size - TAIL_BYTES))
            text = log.read(TAIL_BYTES).decode(errors="replace")
    except FileNotFoundError:
        return ()
    return tuple(text.splitlines()[-count:])


def length(path: Path) -> int:
    """Bytes in a log; 0 if there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _keep(path: Path, most: int) -> None:
    aside = path.with_name(f"{path.name}.1")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    with path.open("rb") as log, os.fdopen(os.open(aside, flags, 0o600), "wb") as copy:
        log.seek(-most, os.SEEK_END)
        while chunk := log.read(CHUNK_BYTES):
            copy.write(chunk)
