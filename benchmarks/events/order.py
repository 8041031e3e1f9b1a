"""What happens: an order is placed, and whoever is told books it, once.

Everybody keeps the order in a transaction, and books in another one that also notes which event it
was, so that what comes twice is booked once.
"""

from __future__ import annotations

import os
from typing import Literal

import msgspec

CUSTOMERS = 500


class Placed(msgspec.Struct, frozen=True):
    """The event, and all there is to know of an order."""

    number: int
    customer: str
    cents: int


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a process is told, as JSON in BENCH_ORDER.

    Attributes:
        role: Whether it places orders, sends on what lies in an outbox, or books.
        mode: Of a contestant that has several ways.
        count: Orders in all.
        rate: Of them a second; 0 is as fast as it goes.
        at_once: Transactions under way where there is no rate.
        batch: Orders in a transaction, and events that are booked in one at most.
    """

    role: Literal["write", "relay", "handle"]
    mode: str = ""
    count: int = 0
    rate: float = 0.0
    at_once: int = 16
    batch: int = 1


class Written(msgspec.Struct, frozen=True):
    """What who places orders did; late is how much later than due it began one."""

    seconds: float
    late_p99_ms: float


def placed(number: int) -> Placed:
    """The order of a number."""
    return Placed(number, f"customer-{number * 7919 % CUSTOMERS}", 1_000 + number % 500)


def told() -> Told | None:
    """What this process is told; None for nothing but tables."""
    text = os.environ["BENCH_ORDER"]
    return msgspec.json.decode(text, type=Told) if text else None
