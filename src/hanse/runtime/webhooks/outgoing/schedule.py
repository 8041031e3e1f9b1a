"""When a delivery that fails is tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.kit.chance import fraction

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTE, HOUR = 60, 60 * 60

WAITS = (
    5, MINUTE, 5 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 10 * HOUR, 12 * HOUR,
    12 * HOUR,
)  # fmt: skip
"""Seconds between two tries: twelve tries in two days and an hour and a half, or a little more."""

TRIES = len(WAITS) + 1

TOLERATED_HOURS = 48
"""What took nothing for so long is disabled when the next delivery to it is given up."""

JITTER = 0.1
ASKED_MOST = 24 * HOUR

BUSY_FIRST, BUSY_MOST = 2.0, 5.0 * MINUTE


def wait_after(tries: int, asked: int = 0, chance: Callable[[], float] = fraction) -> float:
    """Seconds until the next try, never fewer than are stated above.

    Args:
        tries: How many there were.
        asked: Seconds that the endpoint asked to be left alone.
        chance: What parts those that failed together.
    """
    stated = WAITS[min(tries, len(WAITS)) - 1]
    return max(stated, min(asked, ASKED_MOST)) * (1 + JITTER * chance())


def wait_for_room(times: int, chance: Callable[[], float] = fraction) -> float:
    """Seconds until it is looked again whether fewer are under way to an endpoint."""
    return min(BUSY_MOST, BUSY_FIRST * 2.0 ** min(times, 20)) * (1 + chance())
