"""Decides which new traces are recorded."""

from __future__ import annotations

import math
from collections.abc import Callable

from hanse.kit.clock import monotonic


class Sampler:
    """Lets a bounded number of new traces a second be recorded, however many begin.

    Only for the first span of a trace; a caller's decision is followed, and errors and slow calls
    are recorded anyway, both by whoever asks.

    Args:
        per_second: Traces a second; 0 for none, `math.inf` for all.
        clock: Seconds that never jump.

    Attributes:
        sample: Whether the trace that begins now is recorded; uses up one of this second's.

    Raises:
        ValueError: `per_second` is negative or not a number.
    """

    __slots__ = ("sample",)

    def __init__(self, per_second: float, clock: Callable[[], float] = monotonic) -> None:
        if not per_second >= 0:
            raise ValueError(f"per_second is {per_second}; it must be 0 or more")
        self.sample: Callable[[], bool] = _bucket(per_second, clock)


def _bucket(per_second: float, clock: Callable[[], float]) -> Callable[[], bool]:
    """A token bucket of one second's worth (at least one) that is kept as a single instant.

    The instant is the "theoretical arrival time" of the generic cell rate algorithm (ITU-T I.371,
    annex A) less the burst it allows. A closure, because this runs for every call from outside and
    its variables are a quarter faster than attributes.
    """
    interval = 1 / per_second if per_second else math.inf
    # How far ahead of its time a trace may come: the size of the bucket less the one being taken,
    # and a nanosecond, because sums of fractions do not come out even.
    ahead = max(0.0, 1 - interval) + 1e-9
    open_at = -math.inf if per_second else math.inf

    def sample() -> bool:
        nonlocal open_at
        now = clock()
        if now < open_at:
            return False
        due = open_at + ahead
        # A call of max() would cost 150 ns, as much as all the rest of this.
        open_at = (due if due > now else now) + interval - ahead  # noqa: FURB136  see above
        return True

    return sample
