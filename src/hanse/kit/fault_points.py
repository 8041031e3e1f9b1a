"""Named places where tests make things go wrong; outside of tests nobody stands there."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")

Point = Literal[
    "pool.connected",
    "data.read.before_send",
    "data.read.sent",
    "data.write.before_send",
    "data.write.sent",
    "data.write.done",
    "data.transaction.begun",
    "data.transaction.wrote",
    "data.transaction.before_commit",
    "data.transaction.commit_sent",
    "data.transaction.committed",
    "idempotency.claimed",
    "idempotency.worked",
    "idempotency.answer_kept",
    "files.stored",
    "files.row_kept",
    "person.key_destroyed",
    "table.made",
    "index.half",
    "index.made",
    "migration.statement",
    "migration.kept",
    "backfill.batch",
    "workflow.claimed",
    "workflow.step_done",
    "workflow.transaction_kept",
    "workflow.written",
    "subscription.handled",
    "subscription.kept",
    "subscription.parked",
    "relay.taken",
    "relay.published",
    "answer.before_send",
    "answer.half_sent",
    "answer.sent",
]

POINTS: Mapping[Point, str] = MappingProxyType(
    {
        "pool.connected": "a connection to the database was opened",
        "data.read.before_send": "a query that only reads is about to be sent",
        "data.read.sent": "it was sent, and nothing has come back",
        "data.write.before_send": "a statement that is a transaction by itself is about to be sent",
        "data.write.sent": "it was sent, and nothing has come back",
        "data.write.done": "PostgreSQL says that it is done",
        "data.transaction.begun": "a transaction has begun",
        "data.transaction.wrote": "a statement in a transaction has written",
        "data.transaction.before_commit": "a transaction is about to be committed",
        "data.transaction.commit_sent": "the commit was sent, and nothing has come back",
        "data.transaction.committed": "PostgreSQL says that it is committed",
        "idempotency.claimed": "an Idempotency-Key was taken, and its work has not begun",
        "idempotency.worked": "a method has done its work under a key, uncommitted",
        "idempotency.answer_kept": "the answer stands beside what was written, uncommitted",
        "files.stored": "the bytes of a file are kept, and its row does not say so yet",
        "files.row_kept": "its row says so",
        "person.key_destroyed": "the key of who is erased is gone, and their rows are there still",
        "table.made": "a table and its indexes are made, uncommitted",
        "index.half": "an index beside those who write was asked for, and nothing has come back",
        "index.made": "an index of a table with rows is whole",
        "migration.statement": "a statement of a migration was run, uncommitted",
        "migration.kept": "a migration was applied",
        "backfill.batch": "some documents of an older shape were rewritten, others not",
        "workflow.claimed": "instances that were due are held by a host, and none has gone on",
        "workflow.step_done": "a step of a workflow has come to its end, and no journal says so",
        "workflow.transaction_kept": "its entry stands beside what it wrote, uncommitted",
        "workflow.written": "what instances did is committed, and none of them knows",
        "subscription.handled": "a handler has written what it wanted, uncommitted",
        "subscription.kept": "it is committed, and no position says so",
        "subscription.parked": "an event was parked, and no position says so",
        "relay.taken": "events were read that will be told to the broker, and none was told",
        "relay.published": "the broker has them, and they lie in the outbox still",
        "answer.before_send": "the answer of a request is about to be sent",
        "answer.half_sent": "half of it was sent",
        "answer.sent": "all of it was sent",
    }
)
"""All of them: what has just happened where each is."""


class Watch(Protocol):
    """Somebody who stands at the points."""

    async def reached(self, point: Point) -> None:
        """Something came to a point; whatever this does happens there."""

    def session(self, opened: T) -> T:
        """A connection to the database as it is to be used."""
        ...

    def connection(self, kind: T) -> T:
        """The class whose objects serve connections."""
        ...


class _Watched:
    by: Watch | None = None


WATCHED = _Watched()
"""By whom; `hanse.kit.fault_watch` alone says so, and the test kit alone uses that."""


async def reached(point: Point) -> None:
    """Lets whoever stands at a point have something go wrong there."""
    if WATCHED.by is not None:
        await WATCHED.by.reached(point)


def watched_session(opened: T) -> T:
    """A connection to the database, which has points where somebody watches while it opens."""
    return opened if WATCHED.by is None else WATCHED.by.session(opened)


def watched_connection(kind: T) -> T:
    """The class of connections, which have points where somebody watches as their door opens."""
    return kind if WATCHED.by is None else WATCHED.by.connection(kind)
