"""Orders that were placed, kept for who placed them to look at."""

from __future__ import annotations

from collections import OrderedDict

import msgspec
from boutique_email.api import Order

ORDERS_MAX = 10_000
"""Kept in this host's memory; the oldest are forgotten. Every one was sent by e-mail too."""


class KeptOrder(msgspec.Struct, frozen=True):
    """An order, whose it is, and where its confirmation went."""

    shopper: str
    email: str
    order: Order


class Orders:
    """The newest orders by their number."""

    def __init__(self, limit: int = ORDERS_MAX) -> None:
        self._limit = limit
        self._kept: OrderedDict[str, KeptOrder] = OrderedDict()
        self._newest: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, kept: KeptOrder) -> None:
        """Remembers an order, and forgets the oldest if there are too many."""
        self._kept[kept.order.order_id] = kept
        self._newest[kept.shopper] = kept.order.order_id
        while len(self._kept) > self._limit:
            number, oldest = self._kept.popitem(last=False)
            if self._newest[oldest.shopper] == number:
                del self._newest[oldest.shopper]

    def newest(self, shopper: str) -> str | None:
        """The number of a shopper's last order, if it is remembered."""
        return self._newest.get(shopper)

    def find(self, order_id: str, shopper: str) -> KeptOrder | None:
        """The order, if it is this shopper's: its number alone opens nothing."""
        kept = self._kept.get(order_id)
        return kept if kept and shopper and kept.shopper == shopper else None
