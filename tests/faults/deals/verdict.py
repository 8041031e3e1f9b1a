"""Holds what became of deals against the ledgers outside: nothing lost, invented, done twice, out of order or stuck."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from tests.faults.deals.outside import Done
from tests.faults.kills.ledger import Entry

ONCE = {"pay": "paid", "mail": "mailed"}
READERS = (("each", "ordered"), ("many", "ordered"), ("tasted", "ordered"), ("each", "paid"))
"""Who is told of what."""

Row = tuple[str, int, str]
"""Lane, place in it, and number."""


class Booked(NamedTuple):
    """An entry of a reader, in the order in which they were written."""

    reader: str
    lane: str
    kind: str
    place: int
    number: str


class Deal(NamedTuple):
    """An instance of the workflow: the number it is called by, its state, and what it gave."""

    number: str
    state: str
    output: str


class Found(NamedTuple):
    """What there is of a site when it has come to rest.

    Attributes:
        rows: Orders and receipts, by what is told of them: `ordered` and `paid`.
        booked: By those who are told.
        deals: Instances.
        lanes: How many of a kind a lane counts, by both.
        waiting: What lies in the outbox, or is parked, in words.
        done: By the ledger of the world outside.
    """

    rows: dict[str, list[Row]]
    booked: list[Booked]
    deals: list[Deal]
    lanes: dict[tuple[str, str], int]
    waiting: list[str]
    done: list[Done]

    @property
    def orders(self) -> dict[str, tuple[str, int]]:
        """Lane and place by number."""
        return {number: (lane, place) for lane, place, number in self.rows["ordered"]}


def complaints(entries: Iterable[Entry], found: Found) -> list[str]:
    """What is wrong; nothing if all is as the clients were told."""
    entries = list(entries)
    return [
        *_of_orders(entries, found),
        *_of_lanes(found),
        *_of_deals(entries, found),
        *_of_readers(found),
        *_of_the_world(found),
        *(f"left behind: {one}" for one in found.waiting),
    ]


def twice(found: Found) -> Counter[str]:
    """How often something was asked for outside once more than once, which its key made good."""
    again: Counter[str] = Counter()
    for one, times in Counter(found.done).items():
        again[one.what] += times - 1
    return +again


def _of_orders(entries: list[Entry], found: Found) -> list[str]:
    said: list[str] = []
    orders = found.orders
    sent = {one.errand.name for one in entries if one.errand.kind == "order"}
    for one in entries:
        order = orders.get(one.errand.name)
        if one.errand.kind != "order" or one.word == "sent":
            continue
        if one.word == "done" and order != (one.errand.table, one.answer):
            said.append(f"lost: order {one.errand.name} was answered {one.answer}, and is {order}")
        if one.word == "refused" and order is not None:
            said.append(f"invented: order {one.errand.name} was refused, and is there")
    return said + [f"invented: order {name} was never sent" for name in orders.keys() - sent]


def _of_lanes(found: Found) -> list[str]:
    """What a lane counts and its rows are written in one transaction."""
    said: list[str] = []
    for (lane, kind), count in found.lanes.items():
        places = sorted(place for at, place, _ in found.rows[kind] if at == lane)
        if places != list(range(1, count + 1)):
            said.append(f"by halves: {lane} counts {count} {kind}, and its rows are {places}")
    return said


def _of_deals(entries: list[Entry], found: Found) -> list[str]:
    said: list[str] = []
    wanted: dict[str, set[str]] = defaultdict(set)
    for one in entries:
        if one.errand.kind == "bring":
            wanted[one.errand.name].add(f"brought {one.errand.note}")
    deals = {one.number: one for one in found.deals}
    said += [f"lost: order {name} has no deal" for name in found.orders.keys() - deals.keys()]
    said += [f"invented: deal {name} has no order" for name in deals.keys() - found.orders.keys()]
    for one in found.deals:
        if one.state != "done":
            said.append(f"stuck: deal {one.number} is {one.state}")
        elif one.output not in wanted[one.number]:
            said.append(f"invented: deal {one.number} gave {one.output}")
    receipts = Counter(number for _, _, number in found.rows["paid"])
    said += [f"lost: deal {name} has no receipt" for name in deals.keys() - receipts.keys()]
    said += [f"twice: receipt {name}, {n} times" for name, n in receipts.items() if n > 1]
    return said


def _of_readers(found: Found) -> list[str]:
    """Each reader has each event once, and those of a lane in their order."""
    said: list[str] = []
    for reader, kind in READERS:
        own = [one for one in found.booked if (one.reader, one.kind) == (reader, kind)]
        there = Counter((one.lane, one.place, one.number) for one in own)
        wanted = set(found.rows[kind])
        said += [f"twice: {reader} has {kind} {one}" for one, times in there.items() if times > 1]
        said += [f"lost: {reader} was not told {kind} {one}" for one in wanted - there.keys()]
        said += [f"invented: {reader} was told {kind} {one}" for one in there.keys() - wanted]
        lanes: dict[str, list[int]] = defaultdict(list)
        for one in own:
            lanes[one.lane].append(one.place)
        for lane, places in lanes.items():
            if places != sorted(places):
                said.append(f"out of order: {reader} has {kind} of {lane} as {places}")
    return said


def _of_the_world(found: Found) -> list[str]:
    """Each payment and each letter has one key: who honours it does it once."""
    said: list[str] = []
    orders = found.orders
    keys: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in found.done:
        if one.what in ONCE:
            keys[one.what, one.number].add(one.key)
    for (what, number), several in keys.items():
        if len(several) > 1:
            said.append(f"twice: {number} was {ONCE[what]} under {len(several)} keys")
        if number.partition("/")[0] not in orders:
            said.append(f"invented: {number} was {ONCE[what]}, and there is no such order")
    for number in orders:
        asked = (("pay", number), ("pay", f"{number}/freight"), ("mail", number))
        said += [f"lost: {of} was never {ONCE[what]}" for what, of in asked if not keys[what, of]]
    return said
