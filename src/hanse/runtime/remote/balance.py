"""Which of a service's peers gets the next request: the less loaded of two drawn at random."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from hanse.kit.chance import RANDOM
from hanse.runtime.errors import Unavailable
from hanse.runtime.remote.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

OWN_TRIES = 2
"""Peers of its own region that may fail a call before it goes to another one."""


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
        self._elsewhere: tuple[Pool, ...] = ()
        self._draw = draw
        self._chance = chance
        self._clock = clock

    def replace(
        self,
        pools: tuple[Pool, ...],
        parts: tuple[Part, ...] = (),
        elsewhere: tuple[Pool, ...] = (),
    ) -> None:
        """Takes other peers from now on.

        Args:
            pools: They get what the parts have no share of.
            parts: Where one has no peer that answers, its requests go to `pools`.
            elsewhere: They get what none of `pools` answers.
        """
        self._pools = pools
        self._parts = parts
        self._elsewhere = elsewhere

    def choose(self, failed: Sequence[Pool] = ()) -> Pool:
        """The peer for the next request; `failed` are those that have just failed it, in turn.

        Raises:
            Unavailable: There is none.
        """
        if self._parts and not failed and (drawn := self._drawn()):
            return self._chosen(drawn, failed)
        if self._elsewhere and (answering := self._answering(failed)):
            return self._chosen(answering, ())
        pools = self._pools or self._elsewhere
        if len(pools) == 1:
            return pools[0]
        if not pools:
            raise Unavailable("No host serves this at the moment; try again in a second.")
        return self._chosen(self._healthy(pools), failed[-1:])

    def leaves(self, failed: Sequence[Pool]) -> bool:
        """Whether a call that its own peers have failed now goes elsewhere, for the first time.

        That is no load for who is sick, so it comes out of no budget.
        """
        if not self._elsewhere or failed[-1] in self._elsewhere:
            return False
        answering = self._answering(failed)
        return bool(answering) and answering[0] in self._elsewhere

    def _answering(self, failed: Sequence[Pool]) -> Sequence[Pool]:
        """Own peers as far as they answer, else those elsewhere as far as these do."""
        own = self._pools
        if not failed and len(own) == 1 and not own[0].failures:
            return own
        now, may_try = self._clock(), len(failed) < OWN_TRIES
        answering = [one for one in own if may_try and not one.rests(now) and one not in failed]
        return answering or [
            one for one in self._elsewhere if not one.rests(now) and one not in failed
        ]

    def _drawn(self) -> list[Pool]:
        """The healthy peers of the part that gets the next request; none where no part does."""
        now, left = self._clock(), self._chance()
        for part in self._parts:
            if left < part.share:
                return [pool for pool in part.pools if pool.ejected_until <= now]
            left -= part.share
        return []

    def _chosen(self, healthy: Sequence[Pool], failed: Sequence[Pool]) -> Pool:
        candidates = [pool for pool in healthy if pool not in failed] or healthy
        first = candidates[self._draw(len(candidates))]
        second = candidates[self._draw(len(candidates))]
        return second if second.load < first.load else first

    def _healthy(self, pools: tuple[Pool, ...]) -> Sequence[Pool]:
        """Peers not set aside. When most are, all are used: the fault is hardly theirs then."""
        now = self._clock()
        healthy = [pool for pool in pools if pool.ejected_until <= now]
        return healthy if len(healthy) * 2 >= len(pools) else pools
