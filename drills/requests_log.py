"""The raw log of users, read again; one that is not whole is refused."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_END = re.compile(r"end (\d+) ([0-9a-f]{64})\n")


class Request(NamedTuple):
    """A line of the log.

    Attributes:
        at: Seconds since 1970 when it was asked.
        service: Whose it was.
        came_to: `ok`, or what else.
        seconds: For how long it was waited.
    """

    at: float
    service: str
    came_to: str
    seconds: float


class BrokenLogError(Exception):
    """It is not as its users wrote it."""


def read_log(path: Path) -> list[Request]:
    """All requests, as their users wrote them down.

    Raises:
        BrokenLogError: It ends before its end, or a line of it is not as it was written.
    """
    return list(follow_log(path))


def follow_log(path: Path, *, whole: bool = True) -> Iterator[Request]:
    """All requests one by one, for logs that are longer than what memory holds.

    Args:
        path: Of the log.
        whole: Whether it has to have an end; one of users who were ended has none, and is read up
            to its last whole line.

    Raises:
        BrokenLogError: As of `read_log`, when all before that was read.
    """
    digest, number = hashlib.sha256(), 0
    with path.open(encoding="utf-8") as log:
        for line in log:
            if line.startswith("end "):
                _check_end(path, line, number, digest.hexdigest())
                if log.readline():
                    raise BrokenLogError(f"{path} goes on behind its end.")
                return
            if not line.endswith("\n"):
                break
            digest.update(line.encode())
            number += 1
            yield _request(line)
    if whole:
        raise BrokenLogError(f"{path} has no end: its users did not come to theirs.")


def _check_end(path: Path, line: str, number: int, digest: str) -> None:
    end = _END.fullmatch(line)
    if end is None:
        raise BrokenLogError(f"{path} has no end: its users did not come to theirs.")
    if int(end[1]) != number or end[2] != digest:
        raise BrokenLogError(f"{path} is not as it was written: its end says {end[1]} other lines.")


def digest_of(lines: list[str]) -> str:
    """What the end of a log says of its lines."""
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _request(line: str) -> Request:
    at, service, came_to, took = line.split()
    return Request(float(at), service, came_to, int(took) / 1e6)
