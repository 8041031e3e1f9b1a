"""Durations counted in buckets that grow with the value: any quantile to about six percent."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from operator import add

import msgspec

# The layout is that of HdrHistogram (github.com/HdrHistogram/HdrHistogram, class AbstractHistogram)
# with 8 equal sub-buckets to each power of two, shifted by one so that upper bounds are inclusive
# as Prometheus wants them. A bucket (l, u] has u - l <= l / 8, so its middle is off by 1/16.
_SUB_BITS = 3
_EXACT = 2 << _SUB_BITS  # values up to here have a bucket each
_LONGEST_BITS = 42  # 2**42 ns is 73 minutes; what takes longer counts as that
_BUCKETS = (_LONGEST_BITS - _SUB_BITS + 1) << _SUB_BITS

PLACES = _BUCKETS
"""Buckets there are."""

BOUNDS_NS: tuple[int, ...] = tuple(1 << bits for bits in range(14, 37, 2))
"""Upper bounds for Prometheus and OTLP: 16 µs, 66 µs, … 69 s; all of them edges of buckets."""


class HistogramStatistics(msgspec.Struct, frozen=True):
    """A histogram in five numbers.

    Attributes:
        count: Values recorded.
        sum_ns: Their sum.
        p50_ns: The median, to about six percent.
        p90_ns: The ninth decile, likewise.
        p99_ns: The 99th percentile, likewise.
    """

    count: int
    sum_ns: int
    p50_ns: int
    p90_ns: int
    p99_ns: int


class Histogram:
    """How long things took, in nanoseconds, in memory that grows with the longest: 0.1 to 2.6 kB.

    One thread records; any may read, and sees a state that was true a moment ago.
    """

    __slots__ = ("_counts", "sum")

    def __init__(self) -> None:
        self._counts: list[int] = []
        self.sum = 0

    @property
    def count(self) -> int:
        """Values recorded."""
        return sum(self._counts)

    def record(self, ns: int) -> int:
        """Count one duration; a negative one as 0, one over 73 minutes in the last bucket.

        Returns:
            Its place, for who counts it once more elsewhere: see `filled`.
        """
        if ns <= _EXACT:
            ns = max(ns, 0)
            index = ns - 1 if ns else 0
        else:
            below = ns - 1
            shift = below.bit_length() - 4  # _SUB_BITS + 1, written out: a global costs 5 % here
            index = (shift << 3) + (below >> shift)
        try:
            self._counts[index] += 1
        except IndexError:
            index = self._count_further(index)
        self.sum += ns
        return index

    def _count_further(self, index: int) -> int:
        """Count in a bucket that was not needed until now."""
        counts = self._counts
        index = min(index, _BUCKETS - 1)
        # To the end of the power of two: the next one up is not far when the first of it has come.
        counts.extend([0] * ((index | 7) + 1 - len(counts)))
        counts[index] += 1
        return index

    def quantile(self, q: float) -> int:
        """The value that the share `q` of all does not exceed (nearest rank), off by 1/16 at most.

        Args:
            q: From 0 (the least) to 1 (the greatest).

        Returns:
            Nanoseconds; 0 when nothing was recorded.

        Raises:
            ValueError: `q` is not from 0 to 1.
        """
        if not 0 <= q <= 1:
            raise ValueError(f"q is {q}; a quantile is from 0 to 1, e.g. 0.99")
        counts = list(self._counts)
        rank = max(1, math.ceil(q * sum(counts)))
        seen = 0
        for index, count in enumerate(counts):
            seen += count
            if seen >= rank:
                return (_upper(index - 1) + 1 + _upper(index)) // 2 if index else _upper(0)
        return 0

    def merge(self, other: Histogram) -> None:
        """Add what the other has counted to this one."""
        mine, theirs = self._counts, list(other._counts)
        mine.extend([0] * (len(theirs) - len(mine)))
        mine[: len(theirs)] = map(add, mine, theirs)
        self.sum += other.sum

    def buckets(self) -> Iterator[tuple[int, int]]:
        """For each of `BOUNDS_NS`: the bound and how many values are no greater. Exact."""
        counts = list(self._counts)
        seen = reached = 0
        for bound, end in _BOUND_ENDS:
            seen += sum(counts[reached:end])
            reached = end
            yield bound, seen

    def statistics(self) -> HistogramStatistics:
        """The count, the sum and three quantiles."""
        return HistogramStatistics(
            self.count, self.sum, self.quantile(0.5), self.quantile(0.9), self.quantile(0.99)
        )


def filled(counts: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The upper bound of each bucket that is not empty, and how many values it has. Exact.

    Args:
        counts: By the places that `Histogram.record` gave; there are `PLACES` of them.
    """
    for index, count in enumerate(counts):
        if count:
            yield _upper(index), count


def _upper(index: int) -> int:
    """The greatest value that falls into a bucket."""
    if index < _EXACT:
        return index + 1
    shift = (index >> _SUB_BITS) - 1
    return (index - (shift << _SUB_BITS) + 1) << shift


_BOUND_ENDS = tuple(
    (bound, next(i for i in range(_BUCKETS) if _upper(i) == bound) + 1) for bound in BOUNDS_NS
)
