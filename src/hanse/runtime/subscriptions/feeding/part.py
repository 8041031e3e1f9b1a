"""What of a stream is read for a subscription, and who holds it."""

from __future__ import annotations

from typing import NamedTuple

from hanse.runtime.leases.lease import SECONDS
from hanse.runtime.subscriptions.handling.claim import Feed


class Part(NamedTuple):
    """What of a stream is read for a subscription.

    Attributes:
        feed: By which it is kept how far that is.
        until: The last sequence; 0 where there is no end.
    """

    feed: Feed
    until: int = 0


class Holder(NamedTuple):
    """Who holds partitions.

    Attributes:
        name: The host's, another for each that begins.
        seconds: How long partitions are held that are not renewed.
    """

    name: str
    seconds: float = SECONDS
