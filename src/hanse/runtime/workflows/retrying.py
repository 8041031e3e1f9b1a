"""Has a workflow that failed try again what it failed with, down to the child that did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.errors import FailedPrecondition

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from hanse.runtime.data.database import Database
    from hanse.runtime.data.record import Record

_OPEN = """
update hanse.workflow set state = 'open', output = null, end_time = null, wake_time = $2
where id = $1 and state = 'failed' and holder is null
"""

_STANDING = "select state, output from hanse.workflow where id = $1 for update"

_UNDONE = "select from hanse.journal where workflow = $1 and kind = 'undo' limit 1"

# What was raised in it and ended it, wherever it stands among what ran beside it; else the last
# entry, if that failed: before it nothing changes.
_FAILURE = """
select place, kind from hanse.journal
where workflow = $1 and failed
  and (value = $2 or place = (select max(place) from hanse.journal where workflow = $1))
order by value = $2 desc, place desc limit 1
"""

_FORGET = "delete from hanse.journal where workflow = $1 and place = $2"

_CHILD = "select id from hanse.workflow where parent = $1 and parent_place = $2"


async def retry(database: Database, id: UUID) -> None:
    """Opens it again without the entry that ended it; where that is a child, the child as well.

    Raises:
        FailedPrecondition: It did not fail, or what it or that child did is undone.
        HanseError: As `Database.fetch`.
    """
    now, whose = database.clock.now(), "It"
    async with database.transaction():
        next_one: UUID | None = id
        while next_one is not None:
            failure = await _opened(database, next_one, now, whose)
            next_one, whose = await _child(database, next_one, failure), "Its child {}"


async def _opened(database: Database, id: UUID, now: datetime, whose: str) -> Record | None:
    """Opens one; the entry that ended it, which is forgotten, if any did."""
    row, who = await database.fetch_row(_STANDING, id), whose.format(id)
    if row is None or row["state"] != "failed":
        state = row["state"] if row else "not there any more"
        state = "under way" if state == "open" else state
        raise FailedPrecondition(f"{who} is {state}, and did not fail.")
    if await database.fetch(_UNDONE, id):
        raise FailedPrecondition(f"{who} failed, and what it did is undone. Begin another one.")
    await database.execute(_OPEN, id, now)
    failure = await database.fetch_row(_FAILURE, id, row["output"])
    if failure is not None:
        await database.execute(_FORGET, id, failure["place"])
    return failure


async def _child(database: Database, id: UUID, failure: Record | None) -> UUID | None:
    """The child that ended it; one that is forgotten is begun anew by itself."""
    if failure is None or failure["kind"] != "child":
        return None
    row = await database.fetch_row(_CHILD, id, failure["place"])
    return None if row is None else row["id"]
