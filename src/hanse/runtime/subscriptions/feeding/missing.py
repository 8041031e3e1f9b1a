"""Notices where a stream begins above the place from which a subscription would go on."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from hanse.runtime.events.relay.tables import missed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hanse.runtime.broker.stream import EventStream
    from hanse.runtime.data.database import Database
    from hanse.runtime.subscriptions.handling.gauges import HandlerGauges

BEYOND = 2**63 - 1
"""Behind all there can be: who would read from there on misses nothing."""

log = logging.getLogger("hanse.subscriptions")


class Missing:
    """Looks before one feed is read from a sequence on; what it lacks is said and counted once.

    Args:
        name: Of the subscription.
        database: Knows what a restore has undone, which nobody misses.
        gauges: What operators see.
        there: Waits for the stream.
    """

    def __init__(
        self,
        name: str,
        database: Database,
        gauges: HandlerGauges,
        there: Callable[[], Awaitable[EventStream]],
    ) -> None:
        self._name = name
        self._database = database
        self._gauges = gauges
        self._there = there
        self._first = 0

    async def stream(self, start: int) -> EventStream:
        """The stream, to be read from a sequence on.

        Raises:
            HanseError: Database or broker are away.
        """
        stream = await self._there()
        first = (await stream.place()).first
        if start < first != self._first:
            lacking = await missed(self._database, start, first - 1)
            if lacking:
                self._say(start, first, lacking)
            self._first = first
        return stream

    def _say(self, start: int, first: int, lacking: int) -> None:
        self._gauges.missed(lacking)
        log.error(
            "%s was at event %d, and the stream begins at %d: up to %d events are in it no more, "
            "and it will never handle them. Who took them out? Hanse does so when all have "
            "handled them.",
            self._name,
            start - 1,
            first,
            lacking,
        )
