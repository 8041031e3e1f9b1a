"""What shipping costs, and how a parcel is called."""

import hashlib
from collections.abc import Iterable

from boutique_cart.api import CartItem
from boutique_currency.api import Money

NOTHING = Money("USD", 0)
FIRST_PIECE = Money("USD", 4, 990_000_000)
FURTHER_PIECE = Money("USD", 0, 750_000_000)
FREE_FROM = 29
"""Pieces beyond this many cost nothing more: they come on a pallet anyway."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no letter looks like a digit
_LETTERS = 12


def quote(items: Iterable[CartItem]) -> Money:
    """What it costs to ship, by the number of pieces alone: one price for the whole world."""
    pieces = sum(item.quantity for item in items)
    if not pieces:
        return NOTHING
    return FIRST_PIECE + FURTHER_PIECE * (min(pieces, FREE_FROM) - 1)


def parcel(order_id: str) -> int:
    """The number of an order's parcel, of 60 bits: the same whenever it is asked for."""
    return int.from_bytes(hashlib.sha256(order_id.encode()).digest()[:8]) >> 4


def tracking_id(number: int) -> str:
    """What a parcel is called, like `7Q2K-01XD-9FHM`.

    Args:
        number: Of 60 bits.
    """
    letters = "".join(_ALPHABET[number >> (5 * place) & 31] for place in range(_LETTERS))
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"
