"""`Events`: how a service tells what has happened, in the transaction in which it happens.

Whoever tells them on waits for `database.outbox_wake`, which is set when some lie in the outbox
that did not before; those of other processes it finds by looking.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from hanse.runtime.data.personal.keys_used import (
    forget_doubted,
    proof_parts,
    proven,
    remember_new,
)
from hanse.runtime.errors import Aborted
from hanse.runtime.events.tables import make_tables
from hanse.runtime.events.writing import Writer

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database
    from hanse.runtime.data.outbox.outbox import Written
    from hanse.runtime.events.event import Event

TRIES = 5
"""How often an event is sealed anew, where keys of its person come and go."""

_WRITE = "insert into hanse.outbox (id, partition, type, envelope) values ($1, $2, $3, $4)"
_FIRST = 6
_WRITE_SEALED = (
    f"with {proof_parts(_FIRST)}, told as ("
    "insert into hanse.outbox (id, partition, type, envelope) "
    f"select $2::uuid, $3::smallint, $4::text, $5::bytea where {proven(_FIRST)} returning 1) "
    "select exists (select from told) as done"
)


class Events:
    """Tells what has happened. A service asks for it in its constructor.

        def __init__(self, events: Events, jobs: Collection[Job]) -> None: ...

        async with self._database.transaction():
            job = await self._jobs.update(id, {"state": "open"})
            await self._events.emit(JobPublished(job=job.id, title=job.title))

    An event is of the site of the running call, and joins a transaction that is open: the two are
    kept together or not at all. It is told at least once, to each subscription, and in the order of
    its key; so it is emitted after what it tells of is written, which holds the row till the end.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writer = database.outbox = Writer(database)

    @classmethod
    def __from_database__(cls, kind: Any, database: Database) -> Self:
        events = cls(database)
        database.prepare(events.begin)
        return events

    async def begin(self) -> None:
        """Makes the outbox, and looks from then on if there is room in it.

        Raises:
            HanseError: It cannot be made.
        """
        await make_tables(self._database)
        self._database.upkeep.regularly(self._writer.room)

    async def emit(self, event: Event) -> str:
        """Tells an event; one round trip. Gives its id.

        Raises:
            InvalidArgument: It breaks a rule of its class, or is too large.
            ResourceExhausted: Too many wait to be told.
            Aborted: Its person was erased again and again meanwhile.
            HanseError: The database is away.
        """
        for _ in range(TRIES):
            written = await self._writer.written(event)
            if await self._keep(written):
                self._writer.kept()
                return str(written.uuid)
        raise Aborted(f"Keys of its person changed {TRIES} times while it was sealed.")

    async def _keep(self, written: Written) -> bool:
        """Whether it lies in the outbox; if not, a key it was sealed by is gone."""
        if written.proof is None:
            await self._database.execute(_WRITE, *written.row)
            return True
        row = await self._database.fetch_row(
            _WRITE_SEALED, written.site, *written.row, *written.proof.arguments
        )
        keys = self._database.keys
        if row is not None and row["done"]:
            remember_new(keys, written.site, written.proof)
            return True
        await forget_doubted(keys, written.site, written.proof)
        return False
