"""Which contacts of a grown table are asked for: as many, however many sites there are."""

from __future__ import annotations

import os

import msgspec

from benchmarks.data import contact

SITE_STRIDE, NUMBER_STRIDE = 104_729, 7_919
"""Primes, so that no two samples are alike and all sites are among them."""


class Samples(msgspec.Struct, frozen=True):
    """What a process is told, as JSON in BENCH_SAMPLES.

    Attributes:
        sites: In the table now.
        rows: Of each.
        count: How many are asked for.
        passes: How often all of them are, after once that is not timed.
    """

    sites: int
    rows: int
    count: int
    passes: int

    def pairs(self) -> list[tuple[int, int]]:
        """Site and number."""
        return [
            (index * SITE_STRIDE % self.sites, index * NUMBER_STRIDE % self.rows)
            for index in range(self.count)
        ]

    def since(self, number: int) -> str:
        """From when on the query for a sample asks: a page is always left."""
        return contact.seen_at(number % (self.rows // 2))


class Times(msgspec.Struct, frozen=True):
    """Medians of one process, in microseconds."""

    get_us: float
    query_us: float


def samples() -> Samples:
    """What this process is told."""
    return msgspec.json.decode(os.environ["BENCH_SAMPLES"], type=Samples)
