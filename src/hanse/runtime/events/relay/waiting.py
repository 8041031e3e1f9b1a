"""What waits in the outbox: the oldest that are there, whatever was taken before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.broker.message import Outgoing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from hanse.runtime.broker.stream import EventStream
    from hanse.runtime.data.database import Database
    from hanse.runtime.data.record import Record

BATCH = 1000
"""What a broker takes as one."""

BATCH_BYTES = 4 * 1024 * 1024

# Never "those above the last one": a sequence number is drawn before its transaction is committed,
# so a lower one may come after.
_FIRST = """
select seq, id, partition, type, envelope from (
  select *, sum(octet_length(envelope)) over (order by seq) - octet_length(envelope) as before
  from (select * from hanse.outbox where {which} order by seq limit {most}) as first
) as one where before < {bytes} order by seq
"""
_NEXT = _FIRST.format(which="true", most="$1", bytes="$2::bigint")
# What a crash of the database undoes of this is told and still there, as if the relay had been
# killed before it; and what is kept later keeps this, too. So nobody waits for the disk.
_AT_ONCE = "(select set_config('synchronous_commit', 'off', true)) is not null"
_SETTLE = f"""
with gone as (delete from hanse.outbox where seq = any($1::bigint[])),
noted as (update hanse.stream set last_seq = greatest(last_seq, $2) where last_seq < $2)
{_FIRST.format(which=f"seq <> all($1::bigint[]) and {_AT_ONCE}", most="$3", bytes="$4::bigint")}
"""
_LOST = """
select told.id from unnest($1::uuid[], $2::bigint[]) as told (id, seq), hanse.stream as s
where told.seq > s.last_seq and told.id not in (select id from hanse.outbox)
"""


class Waiting:
    """Events that are written and not yet told.

    Args:
        database: Where.
        stream: Where to.
    """

    def __init__(self, database: Database, stream: EventStream) -> None:
        self._database = database
        self._stream = stream

    async def first(self) -> list[tuple[int, Outgoing]]:
        """The oldest, by their place in the outbox.

        Raises:
            HanseError: The database is away.
        """
        return self._outgoing(await self._database.fetch(_NEXT, BATCH, BATCH_BYTES))

    async def next(self, told: Sequence[int], last: int) -> list[tuple[int, Outgoing]]:
        """Forgets what was told; the oldest then. One round trip.

        Args:
            told: Places in the outbox.
            last: The highest sequence in the stream of any of them.

        Raises:
            HanseError: The database is away; nobody knows if they are forgotten.
        """
        if not told:
            return await self.first()
        rows = await self._database.fetch(_SETTLE, told, last, BATCH, BATCH_BYTES)
        return self._outgoing(rows)

    async def lost(self, ids: Sequence[UUID], sequences: Sequence[int]) -> set[UUID]:
        """Those of these that stand in the stream and were never written, as far as is known here.

        Raises:
            HanseError: The database is away.
        """
        return {row["id"] for row in await self._database.fetch(_LOST, ids, sequences)}

    def _outgoing(self, rows: Sequence[Record]) -> list[tuple[int, Outgoing]]:
        subject = self._stream.subject
        return [
            (
                row["seq"],
                Outgoing(str(row["id"]), subject(row["partition"], row["type"]), row["envelope"]),
            )
            for row in rows
        ]
