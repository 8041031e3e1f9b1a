"""Changes what is ruled of a flag, and keeps who did it, when and why."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from hanse.runtime.errors import InvalidArgument, Violation
from hanse.runtime.flags.amending import followed
from hanse.runtime.flags.ruling import NOTHING, Ruling, check
from hanse.runtime.flags.tables import make_tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.runtime.data.database import Database
    from hanse.runtime.data.record import Record
    from hanse.runtime.flags.declaration import Declaration

REASON_MAX = 500
WHO_MAX = 200
HISTORY_MAX = 1000

_RULING = "select ruling from hanse.flag where name = $1"
_KEEP = """
insert into hanse.flag_change (revision, name, who, reason, change_time, before, after)
select coalesce(max(revision), 0) + 1, $1, $2, $3, $4, $5, $6 from hanse.flag_change
returning revision
"""
_WRITE = """
insert into hanse.flag (name, ruling, change_time) values ($1, $2, $3)
on conflict (name) do update set ruling = excluded.ruling, change_time = excluded.change_time
"""
_UNTRIED = "delete from hanse.flag_trial where name = $1"
"""What an operator says holds at once, whatever is tried."""

_HISTORY = """
select revision, name, who, reason, change_time, before, after from hanse.flag_change
where name = $1 order by revision desc limit $2
"""
_ALL = "select name, ruling, change_time from hanse.flag order by name"

_decode = msgspec.json.Decoder(Ruling).decode


class Reasoned(msgspec.Struct, frozen=True):
    """Who changes a flag, and why.

    Attributes:
        who: As people there are called.
        reason: For who reads it later.
    """

    who: str
    reason: str


class Change(msgspec.Struct, frozen=True):
    """One change, as it is kept.

    Attributes:
        revision: Counts up over the changes of all flags.
        name: Of the flag.
        who: Made it.
        reason: Why.
        change_time: When.
        before: What was ruled.
        after: What is.
    """

    revision: int
    name: str
    who: str
    reason: str
    change_time: datetime
    before: Ruling
    after: Ruling


class Ruled(msgspec.Struct, frozen=True):
    """A flag of which something was ruled.

    Attributes:
        ruling: What; None if it is of a newer release, and cannot be read.
        change_time: Since when.
    """

    ruling: Ruling | None
    change_time: datetime


async def change(
    database: Database,
    declared: Declaration,
    amend: Callable[[Ruling], Ruling],
    because: Reasoned,
) -> Change:
    """Changes a flag. Changes of many at once come one after the other, each seeing the one before.

    Args:
        database: Where it is ruled.
        declared: The flag.
        amend: Makes the new ruling of the one that is there.
        because: What is kept with it.

    Raises:
        InvalidArgument: It cannot be ruled so, or nothing says who and why; nothing is changed.
        HanseError: The database is away.
    """
    _check_reasoned(because)
    await make_tables(database)
    now = database.clock.now()
    async with database.transaction():
        await database.lock("hanse.flag")
        row = await database.fetch_row(_RULING, declared.name)
        before = _decode(row["ruling"]) if row else NOTHING
        after = followed(before, amend(before))
        check(after, declared)
        told, kept = map(msgspec.json.encode, (before, after))
        row = await database.fetch_row(
            _KEEP, declared.name, because.who, because.reason, now, told, kept
        )
        await database.execute(_WRITE, declared.name, kept, now)
        await database.execute(_UNTRIED, declared.name)
    assert row is not None, "it was inserted"
    return Change(row["revision"], declared.name, because.who, because.reason, now, before, after)


async def history(database: Database, name: str, limit: int = HISTORY_MAX) -> list[Change]:
    """What was changed of a flag, the latest first.

    Raises:
        HanseError: The database is away.
    """
    await make_tables(database)
    return [_change(row) for row in await database.fetch(_HISTORY, name, limit)]


async def ruled(database: Database) -> dict[str, Ruled]:
    """All flags of which something was ruled, whether anybody declares them or not.

    Raises:
        HanseError: The database is away.
    """
    await make_tables(database)
    rows = await database.fetch(_ALL)
    return {row["name"]: Ruled(_read(row["ruling"]), row["change_time"]) for row in rows}


def _read(written: bytes) -> Ruling | None:
    try:
        return _decode(written)
    except msgspec.MsgspecError:
        return None


def _change(row: Record) -> Change:
    before, after = _decode(row["before"]), _decode(row["after"])
    return Change(
        row["revision"], row["name"], row["who"], row["reason"], row["change_time"], before, after
    )


def _check_reasoned(because: Reasoned) -> None:
    limits = {"who": WHO_MAX, "reason": REASON_MAX}
    broken = tuple(
        Violation(field, f"1 <= length <= {most}", f"Say {field}, in {most} characters at most.")
        for field, most in limits.items()
        if not 0 < len(getattr(because, field).strip()) <= most
    )
    if broken:
        raise InvalidArgument(" ".join(one.message for one in broken), violations=broken)
