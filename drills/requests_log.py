"""The raw log of users, read again; one that is not whole is refused."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
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
    *lines, last = path.read_text(encoding="utf-8").splitlines(keepends=True) or [""]
    end = _END.fullmatch(last)
    if end is None:
        raise BrokenLogError(f"{path} has no end: its users did not come to theirs.")
    number, digest = end.groups()
    if int(number) != len(lines) or digest != digest_of(lines):
        raise BrokenLogError(f"{path} is not as it was written: its end says {number} other lines.")
    return [_request(line) for line in lines]


def digest_of(lines: list[str]) -> str:
    """What the end of a log says of its lines."""
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _request(line: str) -> Request:
    at, service, came_to, took = line.split()
    return Request(float(at), service, came_to, int(took) / 1e6)
