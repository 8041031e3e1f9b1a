"""Which of a service's peers gets the next request: the less loaded of two drawn at random."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from hanse.kit.chance import RANDOM
from hanse.runtime.errors import Unavailable
from hanse.runtime.remote.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Callable


class Part(NamedTuple):
    """Peers that get a share of all requests, whatever their load.

    Attributes:
        pools: One a peer.
        share: From 0 to 1.
    """

    pools: tuple[Pool, ...]
    share: float


class Balancer:
    """Chooses among pools.

    Two drawn at random and the less loaded taken comes close to knowing all loads, and no herd runs
    to the one that looks idle (Mitzenmacher, "The power of two choices", IEEE TPDS 2001).

    Args:
        pools: One a peer; none while nobody serves it.
        draw: `draw(n)` gives a number in [0, n).
        chance: Gives a number in [0, 1).
    """

    def __init__(
        self,
        pools: tuple[Pool, ...],
        *,
        draw: Callable[[int], int] = RANDOM.randrange,
        chance: Callable[[], float] = RANDOM.random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pools = pools
        self._parts: tuple[Part, ...] = ()
        self._draw = draw
        self._chance = chance
        self._clock = clock

    def replace(self, pools: tuple[Pool, ...], parts: tuple[Part, ...] = ()) -> None:
        """Takes other peers from now on.

        Args:
            pools: They get what the parts have no share of.
            parts: Where one has no peer that answers, its requests go to `pools`.
        """
        self._pools = pools
        self._parts = parts

    def choose(self, avoid: Pool | None = None) -> Pool:
        """The peer for the next request; `avoid` is the one that has just failed it.

        Raises:
            Unavailable: There is none.
        """
        if self._parts and avoid is None and (drawn := self._drawn()):
            return self._chosen(drawn, avoid)
        if len(self._pools) == 1:
            return self._pools[0]
        if not self._pools:
            raise Unavailable("No host serves this at the moment; try again in a second.")
        return self._chosen(self._healthy(), avoid)

    def _drawn(self) -> list[Pool]:
        """The healthy peers of the part that gets the next request; none where no part does."""
        now, left = self._clock(), self._chance()
        for part in self._parts:
            if left < part.share:
                return [pool for pool in part.pools if pool.ejected_until <= now]
            left -= part.share
        return []

    def _chosen(self, healthy: list[Pool], avoid: Pool | None) -> Pool:
        candidates = [pool for pool in healthy if pool is not avoid] or healthy
        first = candidates[self._draw(len(candidates))]
        second = candidates[self._draw(len(candidates))]
        return second if second.load < first.load else first

    def _healthy(self) -> list[Pool]:
        """Peers not set aside. When most are, all are used: the fault is hardly theirs then."""
        now = self._clock()
        healthy = [pool for pool in self._pools if pool.ejected_until <= now]
        return healthy if len(healthy) * 2 >= len(self._pools) else list(self._pools)
