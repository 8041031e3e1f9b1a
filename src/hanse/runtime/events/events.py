"""`Events`: how a service tells what has happened, in the transaction in which it happens.

Whoever tells them on waits for `database.outbox_wake`, which is set when some lie in the outbox
that did not before; those of other processes it finds by looking.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from hanse.runtime.data.collection.stored import check_number
from hanse.runtime.data.outbox.statement import COLUMNS
from hanse.runtime.data.personal.keys_used import (
    KeyProof,
    forget_doubted,
    proof_parts,
    proven,
    remember_new,
)
from hanse.runtime.errors import Aborted
from hanse.runtime.events.tables import make_tables
from hanse.runtime.events.writing import Writer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hanse.runtime.data.database import Database
    from hanse.runtime.data.outbox.outbox import Written
    from hanse.runtime.data.personal.keys_used import Owner
    from hanse.runtime.data.personal.subject_key import NewKey, SubjectKey
    from hanse.runtime.events.event import Event

TRIES = 5
"""How often an event is sealed anew, where keys of its person come and go."""

_WRITE = f"insert into hanse.outbox ({COLUMNS}) values ($1, $2, $3, $4)"
_FIRST = 6
_WRITE_MANY = (
    f"with {proof_parts(_FIRST)}, told as (insert into hanse.outbox ({COLUMNS}) "
    f"select {COLUMNS} from unnest($2::uuid[], $3::smallint[], $4::text[], $5::bytea[]) "
    f"with ordinality as e ({COLUMNS}, n) where {proven(_FIRST)} order by n returning 1) "
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
        if self._writer.seals(event):
            return (await self.emit_many([event]))[0]
        written = await self._writer.written(event)
        await self._database.execute(_WRITE, *written.row)
        self._writer.kept(event)
        return str(written.uuid)

    async def emit_many(self, events: Sequence[Event]) -> tuple[str, ...]:
        """Tells some, in their order, all of them or none; one round trip. Gives their ids.

        Raises:
            InvalidArgument: There are too many, or as `emit`.
            HanseError: As `emit`.
        """
        check_number(len(events), "events")
        if not events:
            return ()
        for _ in range(TRIES):
            written = await self._written(events)
            if await self._keep(written):
                self._writer.kept(*events)
                return tuple(str(one.uuid) for one in written)
        raise Aborted(f"Keys of their persons changed {TRIES} times while they were sealed.")

    async def _written(self, events: Sequence[Event]) -> list[Written]:
        """Rows, of which what is sealed for one person is sealed by one key."""
        keys: dict[Owner, SubjectKey | NewKey] = {}
        found: list[Written] = []
        for event in events:
            found.append(await self._writer.written(event, keys))
            keys |= found[-1].proof.keys if found[-1].proof is not None else {}
        return found

    async def _keep(self, written: Sequence[Written]) -> bool:
        """Whether they lie in the outbox; if not, a key they were sealed by is gone."""
        proven_by = [one.proof.keys for one in written if one.proof is not None]
        proof = KeyProof({owner: key for keys in proven_by for owner, key in keys.items()})
        columns = [list(column) for column in zip(*(one.row for one in written), strict=True)]
        site, keys = written[0].site, self._database.keys
        row = await self._database.fetch_row(_WRITE_MANY, site, *columns, *proof.arguments)
        if row is not None and row["done"]:
            remember_new(keys, site, proof)
            return True
        await forget_doubted(keys, site, proof)
        return False
