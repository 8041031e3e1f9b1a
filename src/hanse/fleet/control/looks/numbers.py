"""What a host counts, read off its `/metrics`, and what two looks at it say together."""

from __future__ import annotations

import math
import re

import msgspec

_LINE = re.compile(r"^(\w+)(?:\{(.*)\})? ([0-9.e+-]+|NaN|\+Inf)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_REQUESTS = re.compile(r"^http\.(?!admin\.)\S+\.downstream_rq_total: (\d+)$", re.MULTILINE)
_CLIENTS = re.compile(r"^http\.(?!admin\.)\S+\.downstream_cx_active: (\d+)$", re.MULTILINE)
BUCKET = "rpc_server_duration_seconds_bucket"
COUNT = "rpc_server_duration_seconds_count"
REVISION = "hanse_directory_revision"
SHARES = "hanse_shares_revision"


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


def read_numbers(text: str, at: float) -> Numbers:
    """Reads the Prometheus text format as our hosts write it."""
    calls = revision = shares = 0
    buckets: dict[float, int] = {}
    for name, labels, value in _LINE.findall(text):
        if name == COUNT:
            calls += int(float(value))
        elif name == REVISION:
            revision = int(float(value))
        elif name == SHARES:
            shares = int(float(value))
        elif name == BUCKET:
            bound = float(dict(_LABEL.findall(labels))["le"].replace("+Inf", "inf"))
            buckets[bound] = buckets.get(bound, 0) + int(float(value))
    return Numbers(at, calls, tuple(sorted(buckets.items())), revision, shares)


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
