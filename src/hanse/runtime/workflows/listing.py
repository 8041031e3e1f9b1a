"""Instances of one site and one workflow, the newest first, page by page."""

from __future__ import annotations

import base64
import binascii
import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from hanse.runtime.errors import InvalidArgument
from hanse.runtime.workflows.info import STANDINGS

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database
    from hanse.runtime.data.record import Record

PAGE = 100
"""Instances of one page."""

LOOKED_AT = 10_000
"""Instances that are looked at for one page: it may have fewer than it could, or none."""

# From the newest on by the index, so many, and of those the ones that fit; always where it came to.
LIST = f"""
with looked_at as materialized (
  select id, site_id, key, name, version, state, holder, wake_time, create_time, end_time,
    case when state = 'done' then null else output end as output,
    case when state <> 'open' then state when holder is not null then 'running'
      when wake_time <= $8 then 'ready' else 'waiting' end as standing
  from hanse.workflow
  where site_id = $1 and name = $2 and create_time >= $3 and create_time < $4
    and (create_time, id) < ($5, $6)
  order by create_time desc, id desc limit {LOOKED_AT}
)
select came.id as came_id, came.create_time as came_time, found.*
from (select id, create_time from looked_at order by create_time, id limit 1) came
left join lateral (
  select * from looked_at
  where ($7 = '' or standing = $7) and starts_with(key, $9)
  order by create_time desc, id desc limit {PAGE + 1}
) found on true
order by found.create_time desc, found.id desc
"""  # noqa: S608  put together of constants

MORE = """
select exists (
  select from hanse.workflow where site_id = $1 and name = $2 and create_time >= $3
    and (create_time, id) < ($4, $5)) as more
"""

EARLIEST = datetime(1, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 12, 31, tzinfo=UTC)
LAST = UUID(int=2**128 - 1)
LENGTH_MAX = 200


class Which(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for.

    Attributes:
        site: The tenant.
        name: Of the workflow.
        state: As in `Instance`; empty for any.
        prefix: How their ids begin that were given.
        since: They began at that time or later.
        until: They began before.
    """

    site: str
    name: str
    state: str = ""
    prefix: str = ""
    since: datetime | None = None
    until: datetime | None = None


class _Place(msgspec.Struct, frozen=True, array_like=True):
    digest: bytes
    time: datetime
    id: UUID


async def listed(database: Database, which: Which, cursor: str) -> tuple[list[Record], str]:
    """A page, and the cursor behind it; empty at the end.

    Raises:
        InvalidArgument: There is no such state, or this is no cursor of such a list.
        HanseError: As `Database.fetch`.
    """
    if which.state and which.state not in STANDINGS:
        raise InvalidArgument(f"state: it is one of {', '.join(STANDINGS)}, or empty.")
    since, until = which.since or EARLIEST, which.until or LATEST
    place = _read(cursor, which) if cursor else _Place(b"", LATEST, LAST)
    rows = await database.fetch(
        LIST, which.site, which.name, since, until, place.time, place.id, which.state,
        database.clock.now(), which.prefix,
    )  # fmt: skip
    found = [row for row in rows if row["id"] is not None]
    if len(found) > PAGE:
        last = found[PAGE - 1]
        return found[:PAGE], _write(which, last["create_time"], last["id"])
    if not rows:
        return [], ""
    time, id = rows[0]["came_time"], rows[0]["came_id"]
    more = await database.fetch_row(MORE, which.site, which.name, since, time, id)
    return found, _write(which, time, id) if more and more["more"] else ""


def _digest(which: Which) -> bytes:
    return hashlib.blake2b(msgspec.msgpack.encode(which), digest_size=8).digest()


def _write(which: Which, time: datetime, id: UUID) -> str:
    packed = msgspec.msgpack.encode(_Place(_digest(which), time, id))
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def _read(cursor: str, which: Which) -> _Place:
    try:
        packed = base64.b64decode(
            cursor[:LENGTH_MAX] + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True
        )
        place = msgspec.msgpack.decode(packed, type=_Place)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        raise InvalidArgument(
            "cursor: this is none; send one as it came, or begin without it."
        ) from None
    if place.digest != _digest(which):
        raise InvalidArgument(
            "cursor: it is that of another list; ask for the same again, or begin without it."
        )
    return place
