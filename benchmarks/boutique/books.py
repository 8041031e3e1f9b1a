"""What a shop's database says after a round: as much charged as ordered, and taken."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from benchmarks.boutique.contestants import PEERS, database_of
from benchmarks.load import LoadError

if TYPE_CHECKING:
    from benchmarks.data.postgres import Postgres

LETTERS_SECONDS_MAX = 30.0
"""Letters may come a little later than the answer."""

_PIECES = 1_000_000

_HANSE = f"""
    with placed as (select doc from orders.orders where doc->>'state' = 'placed')
    select (select count(*) from placed),
           (select count(*) from payment.payments where doc->>'state' = 'charged'),
           (select coalesce(sum((line->'item'->>'quantity')::int), 0)
            from placed, jsonb_array_elements(doc->'items') as line),
           (select sum({_PIECES} - pieces) from catalog.stock),
           (select count(*) from hanse_mail.letters)
"""
_PEERS = f"""
    with placed as (select doc from orders where state = 'placed')
    select (select count(*) from placed),
           (select count(*) from payments where state = 'charged'),
           (select coalesce(sum((line->'item'->>'quantity')::int), 0)
            from placed, jsonb_array_elements(doc->'items') as line),
           (select sum({_PIECES} - pieces) from products),
           (select count(*) from letters)
"""


class Books(msgspec.Struct, frozen=True):
    """Numbers of a shop since it was opened.

    Attributes:
        placed: Orders.
        charged: Payments.
        ordered: Pieces in the orders.
        gone: Pieces from the shelf.
        letters: About orders.
    """

    placed: int
    charged: int
    ordered: int
    gone: int
    letters: int

    @property
    def whole(self) -> bool:
        """Whether all but the letters say the same."""
        return self.placed == self.charged and self.ordered == self.gone


def check(name: str, postgres: Postgres) -> None:
    """Looks into the books of a shop that nobody is in any more.

    Raises:
        LoadError: They do not add up.
    """
    until = time.monotonic() + LETTERS_SECONDS_MAX
    found = _read(name, postgres)
    while found.whole and found.letters < found.placed and time.monotonic() < until:
        time.sleep(0.1)
        found = _read(name, postgres)
    if not found.whole or found.letters != found.placed or not found.placed:
        raise LoadError(f"the books of {name} do not add up: {found}")


def _read(name: str, postgres: Postgres) -> Books:
    sql = _PEERS if name in PEERS else _HANSE
    ((*numbers,),) = postgres.run(sql, database=database_of(name))
    return Books(*map(int, numbers))
