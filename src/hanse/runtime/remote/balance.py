"""Which of a service's peers gets the next request: the less loaded of two drawn at random."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hanse.kit.chance import RANDOM
from hanse.runtime.errors import Unavailable
from hanse.runtime.remote.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Callable


class Balancer:
    """Chooses among pools.

    Two drawn at random and the less loaded taken comes close to knowing all loads, and no herd runs
    to the one that looks idle (Mitzenmacher, "The power of two choices", IEEE TPDS 2001).

    Args:
        pools: One a peer; none while nobody serves it.
        draw: `draw(n)` gives a number in [0, n).
    """

    def __init__(
        self,
        pools: tuple[Pool, ...],
        *,
        draw: Callable[[int], int] = RANDOM.randrange,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pools = pools
        self._draw = draw
        self._clock = clock

    def replace(self, pools: tuple[Pool, ...]) -> None:
        """Takes other peers from now on."""
        self._pools = pools

    def choose(self, avoid: Pool | None = None) -> Pool:
        """The peer for the next request; `avoid` is the one that has just failed it.

        Raises:
            Unavailable: There is none.
        """
        if len(self._pools) == 1:
            return self._pools[0]
        if not self._pools:
            raise Unavailable("No host serves this at the moment; try again in a second.")
        healthy = self._healthy()
        candidates = [pool for pool in healthy if pool is not avoid] or healthy
        first = candidates[self._draw(len(candidates))]
        second = candidates[self._draw(len(candidates))]
        return second if second.load < first.load else first

    def _healthy(self) -> list[Pool]:
        """Peers not set aside. When most are, all are used: the fault is hardly theirs then."""
        now = self._clock()
        healthy = [pool for pool in self._pools if pool.ejected_until <= now]
        return healthy if len(healthy) * 2 >= len(self._pools) else list(self._pools)
