"""How much of all requests a canary may get, by what is known of it so far."""

from __future__ import annotations

import math
from typing import Final

import msgspec

HARM_MAX: Final = 10.0
"""Requests that may fail between the first error and the moment the canary gets nothing more."""

SLOW_RATE: Final = 10.0
"""Requests a second below which nothing is gained by little steps."""

GROWTH_MAX: Final = 2.0
"""Times by which a share grows in one step: what is slow to fail is not known yet."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a canary.

    Attributes:
        rate: Requests a second of its whole group.
        react_seconds: From an error to a share of nothing.
        requests: The canary's so far.
        excess: Those of them that failed beyond what its twin would have failed with.
    """

    rate: float
    react_seconds: float
    requests: int = 0
    excess: float = 0.0


def most_of_one(replicas: int) -> float:
    """Share of canary and twin each, so that none has more to do than the hosts of the group had.

    Args:
        replicas: Hosts of the group.
    """
    return min(0.5, 1 / replicas)


def share(known: Known, before: float, most: float) -> float:
    """The canary's share from now on.

    Its rate times the time to react times the worst that can still be true of it is `HARM_MAX`.
    That worst is one (it fails always) while nothing is known, and falls as 3/n with n requests
    that went well: the upper end of a one-sided interval of 95 % (the "rule of three": Hanley and
    Lippman-Hand, JAMA 249, 1983), widened by two standard deviations where some failed.

    Args:
        known: What is known by now.
        before: Its share until now; 0 in the beginning.
        most: No more than this.
    """
    if known.rate < SLOW_RATE:
        return most
    allowed = HARM_MAX / (known.rate * known.react_seconds * worst(known.requests, known.excess))
    return min(most, allowed, GROWTH_MAX * before if before else most)


def worst(requests: int, excess: float) -> float:
    """Share of requests that may fail, as far as is known of so many.

    Args:
        requests: Those.
        excess: Of them, failures beyond what the twin would have had.
    """
    excess = max(0.0, excess)
    return min(1.0, (excess + 2 * math.sqrt(excess) + 3) / max(1, requests))
