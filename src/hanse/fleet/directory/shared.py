"""The directory that regions share, as one process has it: followed, and told what happens."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Self

import msgspec

from hanse.fleet.directory import entries
from hanse.fleet.directory.book import Book
from hanse.fleet.directory.bucket import PAUSE_SECONDS, WRITE_SECONDS, Bucket, key_of
from hanse.fleet.directory.entries import HEAD, Applied, Desired, Entry, GroupEntry, Lease
from hanse.fleet.directory.others import Others
from hanse.fleet.directory.snapshot import keep, restore
from hanse.fleet.engine.brokers.logins import KEYS
from hanse.kit.backoff import Backoff
from hanse.kit.clock import monotonic, wait_set
from hanse.kit.ending import end
from hanse.kit.ids import trace_id
from hanse.runtime.broker.broker import Broker
from hanse.runtime.broker.failures import BrokerAway, ReadingBroke, StreamRefused
from hanse.runtime.broker.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hanse.runtime.broker.broker_config import BrokerConfig

log = logging.getLogger("hanse.directory")

RENEW_SECONDS = 1.0
"""Between two leases: three of them may be lost before one's own ends."""

AGAIN_MOST_SECONDS = 1.0

PATIENCE_SECONDS = 10.0
"""After a start, before it is said that the directory is not reached."""

LIFE_LETTERS = 8


class SharedDirectory:
    """Follows the directory, renews a lease in it, and comes back by itself whatever broke.

    It is entered without waiting: what was known before is known at once, and said to be old.

    Args:
        config: How the brokers are reached, by `directory_config`.
        me: The region whose control process this is, or `head`.
        snapshot: Where what is known is kept for the next start.
        patience: Seconds for a write, until it is said that the directory takes none.
        drained: Whether calls should go to other regions where these serve the same; each lease
            says what it says then.
    """

    def __init__(
        self,
        config: BrokerConfig,
        me: str,
        snapshot: Path,
        *,
        patience: float = WRITE_SECONDS,
        drained: Callable[[], bool] = lambda: False,
    ) -> None:
        self._me = me
        self._drained = drained
        self._life = trace_id()[:LIFE_LETTERS]
        self._file = snapshot
        self._broker = Broker(config)
        self._bucket = Bucket(self._broker, patience)
        self._book = Book(me, self._life)
        self._made = ""
        self._turn = 0
        self._caught_up = False
        self._reached_until = 0.0
        self._is_reached = True
        self._news = asyncio.Event()
        self._hurry = asyncio.Event()
        self._reported: dict[str, GroupEntry | None] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._made = restore(self._file, self._book, monotonic())
        self._reached_until = monotonic() + PATIENCE_SECONDS
        await self._broker.__aenter__()
        self._tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._renew())]
        return self

    async def __aexit__(self, *_: object) -> None:
        await end(self._tasks)
        await self._broker.__aexit__()

    def others(self) -> Others:
        """What is known now."""
        book, reached = self._book, self._book.reached(monotonic())
        return Others(
            book.revision,
            book.number,
            not (self._caught_up and reached),
            book.elsewhere(),
            book.regions(),
        )

    async def until_changed(self, number: int) -> Others:
        """Waits until there is another picture than the one of this number."""
        while self._book.number == number:
            await self._next()
        return self.others()

    async def report(self, group: str, entry: GroupEntry | None) -> int:
        """Tells the others of one group. What was told already is not told again.

        Args:
            group: Its name.
            entry: How it is now; None where it is no more.

        Returns:
            The revision in which it is so, for `applied`.

        Raises:
            DirectoryAway: Nobody knows whether it is told: nothing may be stopped, try again.
            DirectoryRefused: This process may not write for that region.
        """
        said, revision = self._book.group(group)
        if self._caught_up and said == entry == self._reported.get(group, entry):
            return revision
        self._reported[group] = entry
        data = msgspec.json.encode(entry) if entry else b""
        return await self._bucket.put(entries.group_key(self._me, group), data)

    async def applied_here(self, revision: int) -> None:
        """Hosts and gateway of this region follow a revision: the others are told.

        First it is written to the snapshot: what others believe to be known is known after a fall.

        Raises:
            StateError: The snapshot cannot be written.
        """
        keep(self._file, self._made, self._book)
        self._book.applied_here(revision)
        await self._tell_applied()

    async def applied(self, revision: int, seconds: float) -> tuple[str, ...]:
        """Waits until every region whose lease counts follows a revision.

        Returns:
            Who does not after all this time; nobody, where it is empty.
        """
        limit = monotonic() + seconds
        while (late := self._book.late(revision)) and monotonic() < limit:
            await self._next(limit - monotonic())
        return late

    async def renew(self) -> int:
        """Renews the lease at once, as it says now whether this region is drained.

        Returns:
            The revision in which it is so, for `applied`.

        Raises:
            DirectoryAway: Nobody knows whether it is so; the leases that follow say it again.
        """
        return await self._bucket.put(entries.lease_key(self._me), self._lease())

    def desired(self, name: str) -> Desired | None:
        """What the head wants under a name, as far as is known here."""
        return self._book.desired.get(name)

    async def desire(self, name: str, value: bytes, revision: int) -> int:
        """Exchanges what the head wants.

        Args:
            name: Like `flags.new_tax`: words of letters, digits, `-` and `_`.
            value: Not empty.
            revision: What it has now; 0 where it is not there.

        Returns:
            Its revision from now on.

        Raises:
            DirectoryAway: Nobody knows whether it is written; read it again before another try.
            DirectoryConflict: It has another revision.
            DirectoryRefused: This process is not the head.
        """
        revision = await self._bucket.put(entries.desired_key(name), value, revision)
        self._book.wrote(name, Desired(value, revision))
        return revision

    async def lead(self) -> None:
        """Makes the bucket, or makes it as it should be: for the head. Waits for the brokers.

        Raises:
            StreamRefused: It cannot be made.
        """
        never = asyncio.Event()
        while True:
            await self._broker.until_connected()
            try:
                return await self._bucket.ensure()
            except BrokerAway:
                await wait_set(never, PAUSE_SECONDS)

    async def _next(self, seconds: float | None = None) -> None:
        """Waits until something came, or a lease may have ended."""
        await wait_set(self._news, seconds)

    def _changed(self) -> None:
        """Wakes all who wait now; who waits later waits for what comes then."""
        self._news.set()
        self._news = asyncio.Event()

    async def _follow(self) -> None:
        never, backoff = asyncio.Event(), Backoff(most=AGAIN_MOST_SECONDS)
        while True:
            await self._broker.until_connected()
            try:
                await self._read(backoff)
            except (BrokerAway, ReadingBroke, StreamRefused) as error:
                log.debug("The directory is not followed for a moment: %s", error)
            except Exception:
                log.exception("The directory cannot be followed; it is tried again.")
            await wait_set(never, backoff.next())

    async def _read(self, backoff: Backoff) -> None:
        """From where one was: of what changed meanwhile, the last of each key comes."""
        self._caught_up = False
        made, last = await self._bucket.made()
        if made != self._made:
            self._begin(made)
        subjects = [f"{KEYS}>"]
        async with Reader(self._bucket.stream, subjects, self._book.sequence + 1) as reader:
            while True:
                if not self._caught_up and self._book.sequence >= last:
                    self._catch_up()
                messages = await reader.read()
                backoff.reset()
                for message in messages:
                    entry = Entry(message.sequence, key_of(message.subject), message.data)
                    self._book.hear(entry, monotonic())
                self._changed()

    def _catch_up(self) -> None:
        """All is known that was there a moment ago; from now on the lease may be renewed."""
        self._caught_up = True
        self._hurry.set()
        self._changed()

    def _begin(self, made: str) -> None:
        """Another bucket than the one that is known."""
        if self._made:
            log.warning("The directory was made anew; what was known of it stays until it is told.")
        self._made = made
        self._book.begin_anew()

    async def _renew(self) -> None:
        while True:
            with suppress(BrokerAway):  # it is said when nothing has come back for a while
                if self._caught_up:
                    await self._bucket.tell(entries.lease_key(self._me), self._lease())
                    await self._tell_applied()
                    await self._tell_groups()
            self._say()
            await wait_set(self._hurry, RENEW_SECONDS)
            self._hurry.clear()

    async def _tell_applied(self) -> None:
        known = self._book.known
        if self._me != HEAD and self._book.applied_of(self._me) < known and self._broker.connected:
            data = msgspec.json.encode(Applied(known))
            await self._bucket.tell(entries.applied_key(self._me), data)

    async def _tell_groups(self) -> None:
        """What was reported and is not there: the bucket was made anew."""
        for name, entry in self._reported.items():
            if entry is not None and self._book.group(name)[0] is None:
                key = entries.group_key(self._me, name)
                await self._bucket.tell(key, msgspec.json.encode(entry))

    def _lease(self) -> bytes:
        self._turn += 1
        self._book.sent(self._turn, monotonic())
        return msgspec.json.encode(Lease(self._life, self._turn, self._drained()))

    def _say(self) -> None:
        """Once, when the directory is reached no more, and once when it is again."""
        now = monotonic()
        reached = self._book.reached(now) or now < self._reached_until
        if reached == self._is_reached:
            return
        self._is_reached = reached
        self._book.number += 1
        self._changed()
        if reached:
            log.warning("The directory is back.")
        else:
            log.warning("The directory does not answer; calls go by what was last known of it.")
