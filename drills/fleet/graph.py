"""Who calls whom in a fleet of a drill, drawn by a seed.

Shares of entries, middles and leaves are those of 67,760 services at Alibaba (Winchester et al., arXiv:2504.13141,
table 1). How many a service calls has a long tail, and those that many call are called by ever more, as there.
"""

from __future__ import annotations

import random
from typing import NamedTuple

ENTRIES, LEAVES = 0.13, 0.39
FAN_OUT_MAX = 20
TAIL = 1.3
"""Exponent of the Pareto law by which a service calls others: half call one, one of ten six or more."""

FAVOUR = 0.6
"""Of all calls, those that go to whom somebody calls already."""

STATEFUL = 3
"""One of so many services has a collection and a subscription."""


class Node(NamedTuple):
    """A service.

    Attributes:
        number: Its place among all.
        calls: Whom it calls: later ones alone, so that no call comes back.
        hears: Whose events it takes; None for nobody's, and then it has no collection either.
        factor: What its prices follow from.
    """

    number: int
    calls: tuple[int, ...]
    hears: int | None
    factor: int

    @property
    def name(self) -> str:
        """As its module, its package and its paths have it."""
        return f"s{self.number:04}"

    def price(self, number: int) -> int:
        """What it says a thing costs."""
        return (number * self.factor + self.number) % 1_000_003


def graph(services: int, seed: int) -> list[Node]:
    """So many services, the same for a seed."""
    chance = random.Random(seed)
    entries, callers = max(1, round(ENTRIES * services)), round((1 - LEAVES) * services)
    calls: list[dict[int, None]] = [{} for _ in range(services)]
    targets: list[int] = []
    for number in range(callers):
        calls[number] = dict.fromkeys(_drawn(max(number + 1, entries), services, targets, chance))
        targets += calls[number]
    for number in sorted(set(range(entries, services)) - set(targets)):  # somebody calls each
        caller = chance.randrange(min(number, callers))
        if len(calls[caller]) < FAN_OUT_MAX:
            calls[caller][number] = None
    stateful = range(0, services, STATEFUL)
    return [
        Node(
            number,
            tuple(calls[number]),
            chance.choice(stateful) if number in stateful else None,
            chance.randrange(1, 1_000_003),
        )
        for number in range(services)
    ]


def _drawn(first: int, services: int, targets: list[int], chance: random.Random) -> list[int]:
    """Whom a service calls, of those from `first` on."""
    if first >= services:
        return []
    number = min(FAN_OUT_MAX, int(chance.paretovariate(TAIL)))
    known = [chance.choice(targets) if targets else 0 for _ in range(number)]
    return [
        one if one >= first and chance.random() < FAVOUR else chance.randrange(first, services)
        for one in known
    ]


def quantiles(values: list[int]) -> dict[str, int]:
    """Median, and what 90, 99 and all of 100 are at most."""
    order = sorted(values)
    places = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
    return {
        name: order[min(len(order) - 1, int(part * len(order)))] for name, part in places.items()
    }


def shape(nodes: list[Node]) -> dict[str, dict[str, int]]:
    """How many each calls, and is called by."""
    called = [0] * len(nodes)
    for node in nodes:
        for one in node.calls:
            called[one] += 1
    return {
        "fan_out": quantiles([len(node.calls) for node in nodes]),
        "fan_in": quantiles(called),
    }
