"""How long to wait before something that failed is tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.kit.chance import fraction

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST_SECONDS = 0.1
MOST_SECONDS = 10.0


class Backoff:
    """Waits that double up to a bound, each shortened by chance so that many do not wake at once.

    Args:
        first: Seconds of the first wait.
        most: Seconds no wait is longer than.
        chance: A number from 0 up to, without, 1.
    """

    def __init__(
        self,
        first: float = FIRST_SECONDS,
        most: float = MOST_SECONDS,
        chance: Callable[[], float] = fraction,
    ) -> None:
        self._first = first
        self._most = most
        self._chance = chance
        self._next = first

    def next(self) -> float:
        """Seconds to wait now: between half of the current wait and all of it."""
        wait = self._next
        self._next = min(self._most, wait * 2)
        return wait * (1 - self._chance() / 2)

    def reset(self) -> None:
        """Begins anew: what failed has been well for a while."""
        self._next = self._first
