"""The relay: one host of all tells the broker what lies in the outbox, as long as it leads."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from hanse.kit.backoff import Backoff
from hanse.kit.clock import monotonic, wait_set
from hanse.kit.ending import end
from hanse.kit.fault_points import reached
from hanse.runtime.broker.publisher import Publisher
from hanse.runtime.broker.stream import EventStream
from hanse.runtime.data.upkeep import again_and_again
from hanse.runtime.errors import FailedPrecondition, HanseError
from hanse.runtime.events.envelope import ENVELOPE_MAX
from hanse.runtime.events.relay.alignment import Alignment
from hanse.runtime.events.relay.purge import purge
from hanse.runtime.events.relay.tables import own_stream
from hanse.runtime.events.relay.waiting import Waiting
from hanse.runtime.events.tables import make_tables
from hanse.runtime.leases.lease import Lease

if TYPE_CHECKING:
    from hanse.runtime.broker.broker import Broker
    from hanse.runtime.broker.connection import Connection
    from hanse.runtime.broker.message import Outgoing
    from hanse.runtime.broker.publisher import Published
    from hanse.runtime.data.database import Database
    from hanse.runtime.events.relay.gauges import RelayGauges

log = logging.getLogger("hanse.relay")

LEASE = "relay"

LOOK_SECONDS = 0.25
"""Between two looks at the outbox while nobody says that something lies there."""

GATHER_SECONDS = 0.005
"""For which a host that does not lead gathers before it wakes the one that does."""

PURGE_SECONDS = 60.0
GAUGE_SECONDS = 5.0
HEADERS_BYTES = 4096
"""Room for what goes beside an envelope in one message."""

AGAIN_MOST_SECONDS = 2.0


class Relay:
    """Takes part in the relay of a database: leads, or waits to.

    Nothing of it has to be right for order to be: whoever believes to lead and does not publishes
    behind what they know, which the broker refuses, and forgets what the broker has, which is so.

    Args:
        database: Whose outbox.
        broker: Where to.
        gauges: What operators see.
        lease_seconds: After which another leads where the one that does is gone.
    """

    def __init__(
        self,
        database: Database,
        broker: Broker,
        gauges: RelayGauges,
        *,
        lease_seconds: float = 10.0,
    ) -> None:
        self._database = database
        self._broker = broker
        self._gauges = gauges
        self._wake = database.outbox_wake
        self._lease = Lease(database, LEASE, lease_seconds, self._wake.set)
        self._tasks: list[asyncio.Task[None]] = []
        self._purged = monotonic()
        self._complained = ""

    def begin(self) -> None:
        """Begins, in tasks of its own, until `end`."""
        loop = asyncio.get_running_loop()
        look, complaint = self._gauges.look, "Nobody knows how many events wait; trying again."
        looking = again_and_again(look, GAUGE_SECONDS, log, complaint)
        self._tasks = [asyncio.Task(one, loop=loop) for one in (self._keep(), self._run(), looking)]

    @property
    def leads(self) -> bool:
        """Whether it is this host that tells them."""
        return self._lease.held

    async def end(self) -> None:
        """Ends, and leaves it to others at once."""
        await end(self._tasks)

    async def _keep(self) -> None:
        """Leads where the broker can be reached: who cannot leaves it to others."""
        await self._broker.until_connected()
        await self._lease.keep(lambda: self._broker.connected)

    async def _run(self) -> None:
        backoff = Backoff(most=AGAIN_MOST_SECONDS)
        never = asyncio.Event()
        while not self._database.ready:  # which tells itself why
            await wait_set(never, LOOK_SECONDS)
        while True:
            try:
                await self._take_part(backoff)
            except HanseError as error:
                self._complain(str(error.__cause__ or error))
            except Exception:
                log.exception("Events are not told on; trying again.")
            await wait_set(never, backoff.next())

    async def _take_part(self, backoff: Backoff) -> None:
        await make_tables(self._database)
        noted = await own_stream(self._database)
        stream = EventStream(self._broker, noted.name)
        waking = f"hanse.wake.{noted.name}"
        while not self._lease.held:
            await self._follow(waking)
        connection = await self._broker.until_connected()
        if connection.payload_most < ENVELOPE_MAX + HEADERS_BYTES:
            raise FailedPrecondition(
                f"The broker takes messages of {connection.payload_most} bytes at most; it must "
                f"take {ENVELOPE_MAX + HEADERS_BYTES}: max_payload."
            )
        woken = await connection.subscribe(waking, self._woken)
        try:
            await self._lead(connection, stream, backoff)
        finally:
            await connection.unsubscribe(woken)

    async def _follow(self, waking: str) -> None:
        """Tells whoever leads that there is something in the outbox, until it is this host."""
        await self._wake.wait()
        if not self._lease.held:
            self._wake.clear()
            if self._broker.connected:
                await self._broker.connection.publish(waking)
            await wait_set(asyncio.Event(), GATHER_SECONDS)

    async def _woken(self, _: Any) -> None:
        """For the broker's client: another host has written something."""
        self._wake.set()

    async def _lead(self, connection: Connection, stream: EventStream, backoff: Backoff) -> None:
        waiting = Waiting(self._database, stream)
        noted = await own_stream(self._database)
        last = await Alignment(self._database, stream, waiting).align(noted)
        publisher = Publisher(connection, atomic=stream.atomic)
        told: list[int] = []
        try:
            while self._lease.held and connection.open:
                await self._tidy(stream)
                self._wake.clear()
                due = await waiting.next(told, last)
                told = []
                if due:
                    await reached("relay.taken")
                    published = await publisher.publish([one for _, one in due], last)
                    await reached("relay.published")
                    last = max(last, *published.sequences)
                    told = _told(due, published)
                    if len(told) < len(due):
                        last = await self._refused(stream, published, backoff)
                        continue
                    self._is_well(len(told), backoff)
                else:
                    await wait_set(self._wake, LOOK_SECONDS)
        finally:
            if told:
                await waiting.next(told, last)

    async def _refused(self, stream: EventStream, published: Published, backoff: Backoff) -> int:
        """Waits where there is no room; the stream's last sequence then."""
        if published.is_full:
            self._complain(
                "The broker has no room for more events; they wait in the database until those "
                "that are handled go. Give it more: [broker] stream_bytes, and its own limits."
            )
            await purge(self._database, stream)
        elif not published.is_behind:
            self._complain(f"The broker refuses an event: {published.said or 'no answer'}.")
        if not published.is_behind:
            await wait_set(asyncio.Event(), backoff.next())
        return (await stream.place()).last

    async def _tidy(self, stream: EventStream) -> None:
        if monotonic() > self._purged + PURGE_SECONDS:
            self._purged = monotonic()
            await purge(self._database, stream)

    def _is_well(self, count: int, backoff: Backoff) -> None:
        self._gauges.told(count)
        backoff.reset()
        if self._complained:
            log.warning("Events are told on again.")
        self._complained = ""

    def _complain(self, sentence: str) -> None:
        """Says what is wrong, once as long as it is the same."""
        if sentence != self._complained:
            log.warning("Events are not told on: %s", sentence)
        self._complained = sentence


def _told(due: list[tuple[int, Outgoing]], published: Published) -> list[int]:
    """Places in the outbox of what the broker has."""
    pairs = zip(due, published.sequences, strict=True)
    return [seq for (seq, _), sequence in pairs if sequence]
