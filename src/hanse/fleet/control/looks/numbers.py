"""What a host counts, read off its `/totals`, and what two looks at it say together."""

from __future__ import annotations

import math
import re

import msgspec

from hanse.runtime.figures.totals import Totals

_REQUESTS = re.compile(r"^http\.(?!admin\.)\S+\.downstream_rq_total: (\d+)$", re.MULTILINE)
_CLIENTS = re.compile(r"^http\.(?!admin\.)\S+\.downstream_cx_active: (\d+)$", re.MULTILINE)


class Numbers(msgspec.Struct, frozen=True):
    """A host's counters at one moment.

    Attributes:
        at: Monotonic seconds.
        calls: Calls served since it began, those from its own services included.
        buckets: By upper bound in seconds, how many took no longer.
        revision: Of the directory, as far as it was applied.
        shares: Revision of the shares, likewise.
    """

    at: float
    calls: int = 0
    buckets: tuple[tuple[float, int], ...] = ()
    revision: int = 0
    shares: int = 0


class Rates(msgspec.Struct, frozen=True):
    """What happened between two looks: calls a second, and how long 99 of 100 took at most."""

    calls_per_second: float = 0.0
    p99_seconds: float | None = None


def numbers_in(status: int, body: bytes, at: float) -> Numbers:
    """Reads what a host answered: one of another Hanse lives, and no more is known of it."""
    try:
        said = msgspec.json.decode(body if status == 200 else b"", type=Totals)
    except msgspec.MsgspecError:
        return Numbers(at)
    took = (*((bound / 1e9, reached) for bound, reached in said.took), (math.inf, said.calls))
    return Numbers(at, said.calls, took, said.directory, said.shares)


def read_gateway_numbers(text: str, at: float) -> Numbers:
    """Reads what Envoy's admin door says of its listeners; its own requests do not count."""
    return Numbers(at, sum(int(count) for count in _REQUESTS.findall(text)))


def read_gateway_connections(text: str) -> int:
    """Reads how many clients Envoy's listeners have."""
    return sum(int(count) for count in _CLIENTS.findall(text))


def rates(before: Numbers, now: Numbers) -> Rates:
    """What happened in between; nothing, if the host has begun anew meanwhile."""
    seconds, calls = now.at - before.at, now.calls - before.calls
    if seconds <= 0 or calls <= 0:
        return Rates()
    counted = dict(before.buckets)
    grown = [(bound, reached - counted.get(bound, 0)) for bound, reached in now.buckets]
    return Rates(calls / seconds, _quantile(grown, 0.99))


def _quantile(buckets: list[tuple[float, int]], share: float) -> float | None:
    """Where in its bucket a quantile lies, taken that values spread evenly over its logarithm."""
    total = buckets[-1][1] if buckets else 0
    if total <= 0:
        return None
    wanted = share * total
    lower, below = 0.0, 0
    for bound, reached in buckets:
        if reached >= wanted:
            if math.isinf(bound) or not lower:
                return lower or bound
            part = (wanted - below) / (reached - below)
            return lower * (bound / lower) ** part
        lower, below = bound, reached
    return lower
