"""A recording: when requests came to hosts of one release, and how long each took."""

from __future__ import annotations

import math
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER = Path(__file__).with_name("recordings")
TICK_S = 0.01
LEAST_US = 20.0
STEP = 1.06
"""A duration is kept as a power of this, times the least one: to three percent, up to a minute."""


class Row(NamedTuple):
    """One request: when it was due, who got it, how long it took in microseconds."""

    at: float
    host: int
    us: float


class Recording(msgspec.Struct, frozen=True):
    """Columns of rows in the order they were due, and of which load.

    Attributes:
        load: What it was, in words.
        hosts: How many there were; all began at second 0.
        seconds: How long it is.
        due: How many requests were due in each tick of 10 ms, a byte each.
        host: Who got each, a byte each.
        took: How long each took, as a power of `STEP` times the least, a byte each.
    """

    load: str
    hosts: int
    seconds: int
    due: bytes
    host: bytes
    took: bytes


def pack(load: str, hosts: int, seconds: int, rows: Sequence[Row]) -> Recording:
    """Makes columns of rows."""
    due = [0] * round(seconds / TICK_S)
    ordered = sorted(rows)
    for row in ordered:
        due[min(int(row.at / TICK_S), len(due) - 1)] += 1
    took = [min(max(round(math.log(max(row.us / LEAST_US, 1.0), STEP)), 0), 255) for row in ordered]
    return Recording(
        load, hosts, seconds, bytes(due), bytes(row.host for row in ordered), bytes(took)
    )


def write(path: Path, recording: Recording) -> None:
    """Keeps it, compressed."""
    path.write_bytes(zlib.compress(msgspec.msgpack.encode(recording), 9))


def read(path: Path) -> Recording:
    """Reads one."""
    return msgspec.msgpack.decode(zlib.decompress(path.read_bytes()), type=Recording)


def nanoseconds(power: int) -> float:
    """How long that is."""
    return LEAST_US * STEP**power * 1e3


def all_of_them() -> list[Recording]:
    """Those that are committed."""
    return [read(path) for path in sorted(FOLDER.glob("*.rec"))]
