"""A lease: for a while one process alone holds a name, and knows when it no longer does."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from hanse.kit.clock import monotonic, wait_set
from hanse.kit.environment import process_name
from hanse.kit.ids import trace_id
from hanse.runtime.errors import HanseError
from hanse.runtime.leases.tables import make_tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.runtime.data.database import Database

SECONDS = 10.0
"""How long a lease lasts that nobody renews, unless it is told otherwise."""

MARGIN = 0.1
"""Share of that time by which a holder believes it is over sooner than the database does."""

RELEASE_SECONDS = 1.0
"""For giving it back while a host ends; then it runs out by itself."""

# No lease is given for longer than it lasts, by another release's seconds either: one that is over
# far later is of a server whose clock was ahead, before a failover. An epoch fences who held it.
#
# Who waited here for another's statement counts from before it waited: its lease is the shorter.
TAKE = """
insert into hanse.lease as l (name, epoch, holder, until_time)
values ($1, 1, $2, clock_timestamp() + make_interval(secs => $3))
on conflict (name) do update
set epoch = l.epoch + 1, holder = excluded.holder, until_time = excluded.until_time
where l.until_time <= clock_timestamp() or l.holder = excluded.holder
  or l.until_time > clock_timestamp() + make_interval(secs => greatest($3 * 2, 60))
returning epoch
"""
IS_FREE = """
select l.until_time <= clock_timestamp() or l.holder = $2
  or l.until_time > clock_timestamp() + make_interval(secs => greatest($3 * 2, 60)) as free
from hanse.lease l where name = $1
"""
"""The same question; taking what is not free would lock its row and write that down."""

RENEW = """
update hanse.lease set until_time = clock_timestamp() + make_interval(secs => $4)
where name = $1 and holder = $2 and epoch = $3 and until_time > clock_timestamp()
"""
RELEASE = """
update hanse.lease set until_time = '-infinity' where name = $1 and holder = $2
"""


class Lease:
    """A name that one holder has at a time, by the clock of the database alone.

        lease = Lease(database, "relay")
        database.upkeep.meanwhile(lease.keep)
        ...
        await lease.until_held()
        while lease.held: ...

    Whoever was stopped in the middle of something may wake when another holds it. So a write that
    must not happen then compares `epoch` in its own statement; `held` only saves the attempt.

    Not for use inside a transaction, which would give back what its holder believes to have.

    Args:
        database: Where it stands, in `hanse.lease`, which is made if it is not there.
        name: What is held. Whoever asks for the same name asks for the same lease.
        seconds: How long it lasts from when it was taken or renewed.
        taken: Called when it is taken.

    Attributes:
        name: As given.
        seconds: As given.
        holder: Who this is: its process, then `/` and what no other object has.
        epoch: Grows each time somebody takes the lease, so that it names one holding without a
            gap. As long as this object never held it, 0; then that of its last holding.
    """

    def __init__(
        self,
        database: Database,
        name: str,
        seconds: float = SECONDS,
        taken: Callable[[], object] = lambda: None,
    ) -> None:
        self.name = name
        self.seconds = seconds
        self.holder = f"{process_name()}/{trace_id()}"
        self.epoch = 0
        self._database = database
        self._until = 0.0
        self._taken = asyncio.Event()
        self._told = taken
        self._made = False

    @property
    def held(self) -> bool:
        """Whether it is held for sure, by this process's own clock."""
        return monotonic() < self._until

    async def take(self) -> bool:
        """Takes it if it is free, in a new epoch; whether it is held now.

        Raises:
            HanseError: Nobody knows if it was taken; then it is held no longer than it lasts.
        """
        if not self._made:
            await make_tables(self._database)
            self._made = True
        sent = monotonic()
        row = await self._database.fetch_row(TAKE, self.name, self.holder, self.seconds)
        if row is None:
            return False
        self.epoch = row["epoch"]
        self._hold_from(sent)
        self._told()
        return self.held

    async def renew(self) -> bool:
        """Has it last from now on; whether it is held. If it ran out, it can only be taken anew.

        Raises:
            HanseError: Nobody knows; it is held as long as before.
        """
        sent = monotonic()
        if await self._database.execute(RENEW, self.name, self.holder, self.epoch, self.seconds):
            self._hold_from(sent)
        else:
            self._lose()
        return self.held

    async def release(self) -> None:
        """Gives it back, so that another can take it at once; does nothing if it is not held.

        Raises:
            HanseError: It runs out by itself.
        """
        self._lose()
        if self._made:
            await self._database.execute(RELEASE, self.name, self.holder)

    async def keep(self, wanted: Callable[[], bool] = lambda: True) -> None:
        """Takes it when it is free, renews it, and takes it again when it is lost.

        Goes on until it is cancelled, and gives it back then.

        Args:
            wanted: Asked each time; where it says no, the lease is left to others.
        """
        never = asyncio.Event()
        try:
            while True:
                with suppress(
                    HanseError, TimeoutError
                ):  # the database tells itself that it is away
                    async with asyncio.timeout(self.seconds / 3):
                        await self._keep_on(wanted=wanted())
                await wait_set(never, self.seconds / (3 if self.held else 10))
        finally:
            with suppress(HanseError, TimeoutError):
                async with asyncio.timeout(RELEASE_SECONDS):
                    await self.release()

    async def _keep_on(self, *, wanted: bool) -> None:
        if not wanted:
            if self.held:
                await self.release()
        elif not (self.held and await self.renew()) and await self._is_free():
            await self.take()

    async def _is_free(self) -> bool:
        """Whether it is worth the attempt to take it."""
        if not self._made:
            return True
        row = await self._database.fetch_row(IS_FREE, self.name, self.holder, self.seconds)
        return row is None or row["free"]

    async def until_held(self) -> None:
        """Waits until it is held."""
        while not self.held:
            self._taken.clear()
            await self._taken.wait()

    def _hold_from(self, sent: float) -> None:
        """Counts from before the request was sent: the database began to count after that."""
        self._until = sent + self.seconds * (1 - MARGIN)
        self._taken.set()

    def _lose(self) -> None:
        self._until = 0.0
