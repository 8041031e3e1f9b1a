"""What a handler's transaction begins with: its inbox rows, unless something speaks against it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from hanse.runtime.data.database import Database
from hanse.runtime.data.transaction import Opening

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ONE = """
insert into hanse.inbox (subscription, replay_epoch, event, stream_seq)
select $1, $2, $3, $4
where exists (
  select from hanse.delivery d
  where d.subscription = $1 and d.replay_epoch = $2 and d.partition = $5 and d.epoch = $6)
and not exists (
  select from hanse.parked p
  where p.subscription = $1 and p.replay_epoch = $2 and p.site_id = $7 and p.key = $8)
on conflict do nothing"""

_MANY = """
insert into hanse.inbox (subscription, replay_epoch, event, stream_seq)
select $1, $2, v.event, v.seq
from unnest($3, $4, $5, $6, $7, $8) v(event, seq, partition, epoch, site_id, key)
where exists (
  select from hanse.delivery d
  where d.subscription = $1 and d.replay_epoch = $2
    and d.partition = v.partition and d.epoch = v.epoch)
and not exists (
  select from hanse.parked p
  where p.subscription = $1 and p.replay_epoch = $2
    and p.site_id = v.site_id and p.key = v.key)
on conflict do nothing"""

# Of a key that is parked only its first may run, and goes in the same transaction.
_PARKED = """
with gone as (
  delete from hanse.parked p
  using hanse.delivery d
  where p.subscription = $1 and p.replay_epoch = $2 and p.event = $3 and p.state = 'waiting'
    and d.subscription = $1 and d.replay_epoch = $2 and d.partition = $4 and d.epoch = $5
    and not exists (
      select from hanse.parked q
      where q.subscription = $1 and q.replay_epoch = $2
        and q.site_id = p.site_id and q.key = p.key
        and (q.stream_seq, q.event) < (p.stream_seq, p.event))
  returning p.event, p.stream_seq)
insert into hanse.inbox (subscription, replay_epoch, event, stream_seq)
select $1, $2, event, stream_seq from gone
on conflict do nothing"""

_TYPES = ("uuid", "bigint", "smallint", "bigint", "text", "text")
_ONE_TYPES = ("int", "int", *_TYPES)
_MANY_TYPES = ("int", "int", *(f"{one}[]" for one in _TYPES))
_PARKED_TYPES = ("int", "int", "uuid", "smallint", "bigint")

_PLAIN = re.compile(r"[A-Za-z0-9_.:/@+ -]*", re.ASCII)
"""Letters that are no more than themselves in a literal, whatever the server is set to."""

_WHY = """
select v.event,
  exists (select from hanse.inbox i where i.subscription = $1 and i.replay_epoch = $2
          and i.event = v.event) as handled,
  exists (select from hanse.parked p where p.subscription = $1 and p.replay_epoch = $2
          and p.event = v.event) as parked,
  exists (select from hanse.parked p where p.subscription = $1 and p.replay_epoch = $2
          and p.site_id = v.site_id and p.key = v.key) as key_parked,
  exists (select from hanse.delivery d where d.subscription = $1 and d.replay_epoch = $2
          and d.partition = v.partition and d.epoch = v.epoch) as ours
from unnest($3::uuid[], $4::smallint[], $5::bigint[], $6::text[], $7::text[])
  v(event, partition, epoch, site_id, key)
"""


class Feed(msgspec.Struct, frozen=True):
    """What is read for one subscription: what comes, or a part of the past once more.

    Attributes:
        subscription: Its number in the database.
        replay_epoch: 0 for what comes.
    """

    subscription: int
    replay_epoch: int = 0


class Claim(msgspec.Struct, frozen=True):
    """One event that is about to be handled.

    Attributes:
        event: Its id.
        seq: Where it stands in the stream.
        partition: It came in.
        epoch: Under which this host holds that partition.
        site: The tenant.
        key: What orders it.
        parked: Whether it comes out of the parked ones.
    """

    event: UUID
    seq: int
    partition: int
    epoch: int
    site: str
    key: str
    parked: bool = False


class Standing(msgspec.Struct, frozen=True):
    """How it stands with an event.

    Attributes:
        handled: Its effect is done.
        parked: It waits among the parked ones.
        key_parked: It or another of its key does.
        ours: This host holds its partition.
    """

    handled: bool
    parked: bool
    key_parked: bool
    ours: bool


def opening(feed: Feed, claims: Sequence[Claim]) -> Opening:
    """The statement that a handler's transaction begins with; it writes as many rows as it may."""
    of = _number(feed.subscription), _number(feed.replay_epoch)
    first, *others = claims
    if first.parked:
        given = (_uuid(first), _number(first.partition), _number(first.epoch))
        return Opening("hanse_claim_parked", _PARKED_TYPES, _PARKED, (*of, *given))
    if others:
        return Opening("hanse_claim_many", _MANY_TYPES, _MANY, (*of, *_columns(claims)))
    return Opening("hanse_claim", _ONE_TYPES, _ONE, (*of, *_row(first)))


def _row(claim: Claim) -> tuple[str, ...]:
    return (
        _uuid(claim),
        _number(claim.seq),
        _number(claim.partition),
        _number(claim.epoch),
        _text(claim.site),
        _text(claim.key),
    )


def _columns(claims: Sequence[Claim]) -> Iterator[str]:
    columns = zip(*map(_row, claims), strict=True)
    for values, kind in zip(columns, _TYPES, strict=True):
        yield f"array[{', '.join(values)}]::{kind}[]"


def _uuid(claim: Claim) -> str:
    return f"'{claim.event.int:032x}'"


def _number(value: int) -> str:
    return f"'{int(value)}'"


def _text(value: str) -> str:
    """A text that cannot be read as SQL: of plain letters, or of hexadecimal digits."""
    if _PLAIN.fullmatch(value):
        return f"'{value}'"
    return f"convert_from('\\x{value.encode().hex()}', 'UTF8')"


async def standings(
    database: Database, feed: Feed, claims: Sequence[Claim]
) -> dict[UUID, Standing]:
    """How it stands with events of a feed.

    Raises:
        HanseError: As `Database.fetch`.
    """
    rows = await database.fetch(
        _WHY,
        feed.subscription,
        feed.replay_epoch,
        [claim.event for claim in claims],
        [claim.partition for claim in claims],
        [claim.epoch for claim in claims],
        [claim.site for claim in claims],
        [claim.key for claim in claims],
    )
    return {
        row["event"]: Standing(row["handled"], row["parked"], row["key_parked"], row["ours"])
        for row in rows
    }
