"""Looks whether a stream and its database agree on what was told, and mends what does not."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from uuid import UUID

from hanse.runtime.broker.failures import away
from hanse.runtime.broker.message import Outgoing
from hanse.runtime.broker.publisher import Publisher
from hanse.runtime.broker.reader import Reader
from hanse.runtime.events.envelope import UnreadableEvent, read_envelope
from hanse.runtime.events.relay.purge import handled_until
from hanse.runtime.events.relay.tables import note_struck, settle
from hanse.runtime.events.relay.tail import kept_between, kept_span

if TYPE_CHECKING:
    from hanse.runtime.broker.message import Message, Place
    from hanse.runtime.broker.stream import EventStream
    from hanse.runtime.data.database import Database
    from hanse.runtime.events.relay.tables import Noted
    from hanse.runtime.events.relay.waiting import Waiting

log = logging.getLogger("hanse.relay")

FILLED_AT_ONCE = 512
LOST = "hanse.lost"
"""What stands in the stream where something was lost: nobody subscribes to it."""


class Alignment:
    """Of one stream.

    Args:
        database: Whose.
        stream: Which.
        waiting: What is not told yet.
    """

    def __init__(self, database: Database, stream: EventStream, waiting: Waiting) -> None:
        self._database = database
        self._stream = stream
        self._waiting = waiting

    async def align(self, noted: Noted) -> int:
        """Has the stream go on behind all that was ever told; its last sequence then.

        Args:
            noted: Up to where events were told and forgotten.

        Raises:
            BrokerAway: Nobody knows.
            StreamRefused: The broker has no room for a stream of this size, or does not let us.
            HanseError: The database is away.
        """
        place = await self._stream.ensure()
        if place.last < noted.last:
            span = await kept_span(self._database, place.last, noted.last)
            await self._say_what_is_lost(place.last, noted, span.events)
            await self._replace(place, noted.last, span.first)
        elif place.last > noted.last:
            await self._strike(noted.last, place.last)
        await settle(self._database, self._stream.name)
        return max(place.last, noted.last)

    async def _say_what_is_lost(self, last: int, noted: Noted, kept: int) -> None:
        if kept:
            log.warning(
                "%d events that somebody has not handled yet are put back into the stream %s, as "
                "the database kept them.",
                kept,
                self._stream.name,
            )
        passed = await handled_until(self._database, noted.last if noted.moved else last)
        lost = noted.last - max(last, passed) - kept
        if lost > 0 and not noted.moved:
            log.error(
                "The broker has lost up to %d events of its stream %s: whoever has not handled "
                "them never will. It must keep what it acknowledges: sync_interval = always.",
                lost,
                self._stream.name,
            )
        elif lost > 0:
            log.error(
                "This database was copied or moved, and has a new stream, %s: up to %d events are "
                "given up here, which were told before and not handled. Before a database is "
                "moved, its stream has to be drained: docs/how-to/broker.md.",
                self._stream.name,
                lost,
            )

    async def _replace(self, place: Place, noted: int, first: int) -> None:
        """Passes the sequences that were given once, so that no position stands before an event.

        What the database kept gets its own; `first` is the lowest of those, 0 for none.
        """
        last = place.last
        if not place.messages:
            last = first - 1 if first else noted
            await self._stream.delete()
            await self._stream.ensure(last)
        publisher = Publisher(self._stream.broker.connection, atomic=self._stream.atomic)
        while last < noted:
            last = await self._fill(publisher, last, min(noted, last + FILLED_AT_ONCE))

    async def _fill(self, publisher: Publisher, last: int, until: int) -> int:
        name, subject = self._stream.name, self._stream.subject
        kept, until = await kept_between(self._database, last + 1, until)
        fillers = [
            Outgoing(f"{name}-{one}", subject(row["partition"], row["type"]), row["envelope"])
            if (row := kept.get(one))
            else Outgoing(f"{name}-{one}", subject(0, LOST), b"")
            for one in range(last + 1, until + 1)
        ]
        published = await publisher.publish(fillers, last)
        if published.sequences[-1] != until:
            raise away()
        return until

    async def _strike(self, noted: int, last: int) -> None:
        """Takes out what was told of a future that never came: what a restore has undone."""
        struck = stood = 0
        async with Reader(self._stream, [self._stream.subject()], noted + 1) as reader:
            while reader.pending:
                messages = await reader.read()
                stood += len(messages)
                told = dict(_named(messages))
                lost = await self._waiting.lost(list(told), list(told.values()))
                for one in lost:
                    await self._stream.strike(told[one])
                struck += len(lost)
        if stood - struck < last - noted:
            await note_struck(self._database, noted + 1, last)
        if struck:
            log.warning(
                "%d events of the stream %s are of a time that the database does not know: it was "
                "restored. They are taken out, and nobody handles them.",
                struck,
                self._stream.name,
            )


def _named(messages: list[Message]) -> list[tuple[UUID, int]]:
    """Ids of events, each with its place."""
    named: list[tuple[UUID, int]] = []
    for message in messages:
        try:
            named.append((UUID(read_envelope(message.data).id), message.sequence))
        except (UnreadableEvent, ValueError):  # none of ours, which readers pass by
            continue
    return named
