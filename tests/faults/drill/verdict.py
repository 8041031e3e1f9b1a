"""Holds what a restored fleet has done against a ledger outside: nothing handled before is handled again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

ONCE = ("told", "paid", "sent")
"""What an inbox row or a journal says to be done before it is done again. Whoever does something
outside before the first statement may do it once more, under the same key."""


class Done(NamedTuple):
    """A line of the ledger outside: what was done for an order, under which key."""

    what: str
    number: str
    key: str
    nonce: str


class Note(NamedTuple):
    """A row that stands in one transaction with what was done."""

    what: str
    number: str
    nonce: str


def complaints(ledger: list[Done], before: int, notes: list[Note], orders: set[str]) -> list[str]:
    """What was done twice, invented or left undone.

    Args:
        ledger: All of it, in order.
        before: So many lines were there when all was lost.
        notes: What stands in the database when all has come to rest.
        orders: What is ordered there.
    """
    said: list[str] = []
    old, since = {one.nonce for one in ledger[:before]}, ledger[before:]
    again = Counter((one.what, one.number) for one in since)
    times = Counter((one.what, one.number) for one in notes)
    said += [
        f"{what} of {number} is noted {n} times" for (what, number), n in times.items() if n > 1
    ]
    said += [f"{one} is of no order" for one in notes if one.number not in orders]
    said += [
        f"{one} was never done" for one in notes if one.nonce not in {two.nonce for two in ledger}
    ]
    for one in notes:
        if one.what in ONCE and one.nonce in old and again[one.what, one.number]:
            said.append(f"{one.what} of {one.number} was handled before, and is again")
    keys: dict[tuple[str, str], set[str]] = {}
    for line in ledger:
        keys.setdefault((line.what, line.number), set()).add(line.key)
    said += [
        f"{at} was done under {found}"
        for at, found in keys.items()
        if at[1] in orders and len(found) > 1
    ]
    for number in sorted(orders):
        said += [
            f"{what} of {number} is left undone"
            for what in ("paid", "sent")
            if not times[what, number]
        ]
    return said


def untold(notes: Iterable[Note], orders: set[str], what: str) -> set[str]:
    """Orders of which a subscription was not told."""
    return orders - {one.number for one in notes if one.what == what}
