"""How many rows there are, and which of them each operation is about."""

from __future__ import annotations

import msgspec

from benchmarks.data import contact

PAGE = 50
STAGE = "customer"
"""What is asked for; what rounds create is of another stage, so no answer changes meanwhile."""

CREATED_STAGE = "lead"


class Window(msgspec.Struct, frozen=True):
    """One query: who of the stage was seen since, the first page."""

    since: str
    numbers: list[int]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A size of the benchmark.

    Attributes:
        sites: Tenants, all in one table.
        rows: Of each tenant.
        gets: How many of each are read one by one.
        windows: How many different queries each is asked.
        updates: How many of each are changed; no get and no query is about them.
    """

    sites: int
    rows: int
    gets: int
    windows: int
    updates: int

    def got(self) -> list[int]:
        """Numbers that are read, spread over the site."""
        return [index * self.rows // self.gets for index in range(self.gets)]

    def asked(self) -> list[Window]:
        """The queries, spread over the time in which people were seen."""
        found: list[Window] = []
        for index in range(self.windows):
            place = index * self.rows // (self.windows + 1)
            numbers = contact.seen_from(place, self.rows, stage=STAGE, limit=PAGE)
            found.append(Window(contact.seen_at(place), numbers))
        return found

    def updated(self) -> list[int]:
        """Numbers that are changed."""
        kept = {*self.got(), *(number for window in self.asked() for number in window.numbers)}
        free = (number for number in range(self.rows) if number not in kept)
        return [number for number, _ in zip(free, range(self.updates), strict=False)]


FULL = Plan(sites=20, rows=100_000, gets=50, windows=10, updates=200)
QUICK = Plan(sites=20, rows=1_000, gets=20, windows=2, updates=100)
