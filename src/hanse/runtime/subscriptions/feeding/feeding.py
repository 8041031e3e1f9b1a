"""One feed on one host: partitions, what is read of them, what comes of it, and how far it is."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from hanse.kit.backoff import Backoff
from hanse.kit.clock import monotonic, wait_set
from hanse.kit.ending import end
from hanse.runtime.broker.failures import BrokerAway, ReadingBroke, StreamRefused
from hanse.runtime.broker.reader import Reader
from hanse.runtime.errors import HanseError
from hanse.runtime.events.envelope import PARTITIONS, UnreadableEvent
from hanse.runtime.leases.lease import RELEASE_SECONDS
from hanse.runtime.subscriptions.feeding.contact import Contact
from hanse.runtime.subscriptions.feeding.lanes import Lanes
from hanse.runtime.subscriptions.feeding.missing import BEYOND
from hanse.runtime.subscriptions.feeding.partitions import Partitions
from hanse.runtime.subscriptions.feeding.reading import Reading
from hanse.runtime.subscriptions.handling.arrived import Arrived
from hanse.runtime.subscriptions.handling.settling import PartitionLost, Settling
from hanse.runtime.subscriptions.sweep import SWEEP_SECONDS, sweep

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hanse.runtime.broker.message import Message
    from hanse.runtime.broker.stream import EventStream
    from hanse.runtime.data.database import Database
    from hanse.runtime.subscriptions.feeding.part import Part
    from hanse.runtime.subscriptions.feeding.tenure import Tenure
    from hanse.runtime.subscriptions.handling.handler import Handler

log = logging.getLogger("hanse.subscriptions")

THROUGH_SECONDS = 5.0
"""Between two questions whether all there is has come."""

SHOWN = 3
"""Events that are named where somebody asks what is under way."""

DRAIN_SECONDS = 5.0
"""For handlers that run when the host stops."""


class Feeding:
    """Goes on from `run` until it is cancelled.

    Args:
        part: What is read.
        handler: What it is given to.
        database: Of the host.
        stream: Waits for the stream of the database, to be read from a sequence on.
        tenure: Of the host, which holds what it reads.
    """

    def __init__(
        self,
        part: Part,
        handler: Handler,
        database: Database,
        stream: Callable[[int], Awaitable[EventStream]],
        tenure: Tenure,
    ) -> None:
        feed, self._until = part
        self.feed = feed
        self.name = handler.subscription.name
        self._subscription = handler.subscription
        self._partitions = Partitions(database, feed, tenure)
        self._settling = Settling(feed, handler, database, self._holds)
        self._lanes = Lanes(
            self._work,
            at_once=self._subscription.method.concurrency,
            batch=self._subscription.batch,
        )
        self._stream_there = stream
        self._reading: Reading | None = None
        self._tenure, self._seconds = tenure, tenure.holder.seconds
        self._contact = Contact(self._seconds)
        self._changed, self._look = asyncio.Event(), asyncio.Event()
        self._tried: set[str] = set()
        self._database = database
        self._asked_at, self._swept_at = 0.0, monotonic()

    async def run(self) -> None:
        """Reads, and has settled what comes; then gives its partitions back."""
        steps, loop = (self._keep(), self._read(), self._look_around()), asyncio.get_running_loop()
        tasks = [asyncio.Task(step, loop=loop) for step in steps]
        try:
            await asyncio.gather(*tasks)
        finally:
            await end(tasks)
            await self._end()

    async def settle(self) -> bool:
        """Has done at once what is due; whether nothing is left of what has been told by now.

        Raises:
            HanseError: Database or broker are away.
        """
        self._look.set()
        if self._lanes.held or not self._reads_all:
            return False
        through = await self._is_through()
        due = await self._settling.parked.due(self.feed, self._epochs())
        return through and not due and not self._lanes.held and self._reads_all

    @property
    def _reads_all(self) -> bool:
        """Whether what is read is what it is to hold; if not, another reading begins soon."""
        reading, epochs = self._reading, self._epochs()
        whole = bool(epochs) and self._partitions.whole
        return whole and reading is not None and reading.epochs == epochs

    @property
    def held(self) -> int:
        """How many partitions it holds."""
        return len(self._partitions.held)

    @property
    def under_way(self) -> int:
        """How many events it has read that are not settled."""
        return self._lanes.held

    def stuck(self) -> str:
        """What is under way, for people."""
        held, reading = len(self._partitions.held), self._reading is not None
        shown = ", ".join(
            f"{one.envelope.type} {one.envelope.id} of {one.envelope.site}"
            for one in self._lanes.working[:SHOWN]
        )
        return (
            f"{self.name}: {self._lanes.held} events are under way, {held} partitions are held, "
            f"{'the stream is read' if reading else 'nothing is read'}"
            f"{f'; it works on {shown}' if shown else ''}"
        )

    async def _end(self) -> None:
        await self._lanes.stop(DRAIN_SECONDS)
        with suppress(HanseError, TimeoutError):
            async with asyncio.timeout(RELEASE_SECONDS):
                await self._partitions.leave()

    # Partitions.

    async def _keep(self) -> None:
        found = self._contact.found
        while True:
            found.clear()
            with suppress(HanseError):  # the database tells itself that it is away
                if await self._partitions.keep(reads=self._contact.there):
                    self._changed.set()
            until = self._tenure.renewals.next()
            while (left := until - monotonic()) > 0 and not found.is_set():
                leaving = any(one.leaving for one in self._partitions.held.values())
                await wait_set(found, min(left, 0.1) if leaving else left)
                with suppress(HanseError):
                    await self._partitions.release_drained(self._settling.stuck)

    def _holds(self, one: Arrived) -> bool:
        return self._partitions.holds(one.partition, one.epoch)

    def _epochs(self) -> dict[int, int]:
        held = self._partitions.held
        return {number: one.epoch for number, one in held.items() if not one.leaving}

    # Reading.

    async def _read(self) -> None:
        """Reads what is held, anew whenever that changes or the broker breaks off."""
        backoff = Backoff()
        while True:
            self._changed.clear()
            reading = asyncio.Task(self._read_held(backoff), loop=asyncio.get_running_loop())
            changed = asyncio.Task(self._changed.wait(), loop=asyncio.get_running_loop())
            try:
                await asyncio.wait((reading, changed), return_when=asyncio.FIRST_COMPLETED)
            finally:
                await end((reading, changed))
                if self._reading is not None:
                    self._reading.pass_by(self._partitions.held)
                self._reading = None
                self._contact.let_go()
            if not reading.cancelled():
                self._tell(reading)
                await wait_set(self._changed, backoff.next())

    def _tell(self, reading: asyncio.Task[None]) -> None:
        error = reading.exception()
        if not isinstance(error, BrokerAway | ReadingBroke | None):
            log.error("%s cannot be read for, and is tried again", self.name, exc_info=error)

    async def _read_held(self, backoff: Backoff) -> None:
        while not (held := self._epochs()):  # then nobody else would notice whether it could
            await self._stream_there(BEYOND)
            self._contact.note()
            await wait_set(self._changed, self._seconds / 3)
        start = 1 + min(self._partitions.held[number].progress.seen for number in held)
        stream = await self._stream_there(start)
        # For one subject the broker looks less than half as long as for one of each partition.
        numbers = [None] if len(held) == PARTITIONS else list(held)
        subjects = [stream.subject(n, kind) for n in numbers for kind in self._subscription.events]
        async with Reader(stream, subjects, start) as reader:
            self._contact.hold()
            self._reading = reading = Reading(stream, reader, held)
            while True:
                messages = await reader.read()
                backoff.reset()
                for message in messages:
                    await self._lanes.room()
                    self._take(reading, message)
                    reading.taken += 1
                    reading.last = message.sequence

    def _take(self, reading: Reading, message: Message) -> None:
        partition, seq, held = message.partition, message.sequence, self._partitions.held
        if self._until and seq > self._until:
            return
        epoch = reading.begin(held, partition, seq)
        if epoch is None:
            return
        try:
            self._lanes.offer(Arrived.read(message, epoch))
        except UnreadableEvent:
            # Nobody else publishes here, and ours writes no other.
            log.exception("Message %d of the stream is passed over", seq)
            held[partition].progress.settle(seq)

    # Settling.

    async def _work(self, events: list[Arrived]) -> None:
        try:
            if events[0].parked:
                await self._try_parked(events[0])
                return
            await self._settling.settle(events)
        except PartitionLost:
            self._lose(events)
        except Exception:
            log.exception("%s: events are read once more", self.name)
            self._lose(events)
        else:
            for one in events:
                held = self._partitions.held.get(one.partition)
                if held is not None and held.epoch == one.epoch:
                    held.progress.settle(one.seq)

    def _lose(self, events: list[Arrived]) -> None:
        for one in events:
            self._partitions.lose(one.partition, one.epoch)

    async def _try_parked(self, one: Arrived) -> None:
        try:
            with suppress(HanseError):  # it is due again at the next look
                if await self._settling.settle_parked(one):
                    self._look.set()
        finally:
            self._tried.discard(one.envelope.id)

    async def _look_around(self) -> None:
        """Says how far it is, and has tried again what is due."""
        while True:
            await wait_set(self._look, self._tenure.looks.next() - monotonic())
            at_once = self._look.is_set()
            self._look.clear()
            with suppress(HanseError):
                if self._reading is not None:
                    self._reading.pass_by_now_and_then(self._partitions.held)
                await self._partitions.flush()
                if at_once or await self._tenure.some_due(self.feed):
                    await self._offer_due()
                if monotonic() > self._asked_at + THROUGH_SECONDS:
                    await self._is_through()
                if 0 in self._partitions.held and monotonic() > self._swept_at + SWEEP_SECONDS:
                    self._swept_at = monotonic()
                    await sweep(self._database, self.feed)

    async def _offer_due(self) -> None:
        held = self._epochs()
        if not (held and self._partitions.sure):
            return
        for one in await self._settling.parked.due(self.feed, held):
            if one.envelope.id not in self._tried:
                self._tried.add(one.envelope.id)
                self._lanes.offer(one)

    async def _is_through(self) -> bool:
        """Whether all that was told by now has come; if so, no position stays behind it."""
        reading, self._asked_at = self._reading, monotonic()
        try:
            through = reading is not None and await reading.is_through(self._tenure.place)
        except StreamRefused:  # its reader ends at this moment, or ends soon and says why
            return False
        if reading is None or not through or reading is not self._reading:
            return False
        reading.pass_by(self._partitions.held)
        return True
