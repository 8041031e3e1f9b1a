"""What operators do with events that nobody can handle."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from hanse.kit.uuid7 import Uuid7Source
from hanse.runtime.data.personal.sealed_text import LOOKS_SEALED
from hanse.runtime.errors import FailedPrecondition, InvalidArgument, NotFound
from hanse.runtime.events.envelope import ENVELOPE_MAX, read_envelope, write_envelope
from hanse.runtime.subscriptions.tables import make_tables

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database
    from hanse.runtime.data.record import Record

LISTED_MAX = 1000

_COLUMNS = """
select s.name as subscription, p.replay_epoch, p.event, p.type, p.site_id as site, p.key,
  p.stream_seq, p.state, p.attempt, p.park_time, p.due_time, p.error, p.edited_from
"""
_FROM = "from hanse.parked p join hanse.subscription s on s.id = p.subscription "
_LIST = f"""{_COLUMNS}{_FROM}
where (p.state = 'dead' or $1) and (s.name = $2 or $2 = '')
order by s.name, p.site_id, p.key, p.stream_seq limit $3
"""
_SHOW = f"""{_COLUMNS}, p.envelope {_FROM} where p.event = $1 and (s.name = $2 or $2 = '')
order by p.replay_epoch limit 2
"""
_AGAIN = """
update hanse.parked p set state = 'waiting', attempt = 0, due_time = $3
from hanse.subscription s
where s.id = p.subscription and s.name = $1 and p.event = $2
"""
# Whatever else comes of the event is passed by as if it was handled.
_SEEN = """
insert into hanse.inbox (subscription, replay_epoch, event, stream_seq)
select p.subscription, p.replay_epoch, p.event, p.stream_seq
from hanse.parked p join hanse.subscription s on s.id = p.subscription
where s.name = $1 and p.event = $2
on conflict do nothing
"""
_DROP = """
delete from hanse.parked p using hanse.subscription s
where s.id = p.subscription and s.name = $1 and p.event = $2
"""
_EDIT = """
update hanse.parked p set event = $3, envelope = $4, edited_from = $2, state = 'waiting',
  attempt = 0, due_time = $5
from hanse.subscription s
where s.id = p.subscription and s.name = $1 and p.event = $2
"""


_FORGET = """
with gone as (
  delete from hanse.subscription s where s.name = $1 and not exists (
    select from hanse.subscriber h
    where h.subscription = s.id and h.until_time > clock_timestamp())
  returning s.id),
handled as (delete from hanse.inbox i using gone where i.subscription = gone.id),
parked as (delete from hanse.parked p using gone where p.subscription = gone.id)
select id from gone
"""
_THERE = "select from hanse.subscription where name = $1"


class Letter(msgspec.Struct, frozen=True):
    """An event that is parked.

    Attributes:
        subscription: That could not handle it.
        event: Its id.
        type: Full name of its kind.
        site: The tenant.
        key: What orders it, with those that wait behind it.
        stream_seq: Where it stands in the stream.
        state: `waiting` or `dead`.
        attempt: How often it failed.
        park_time: Since when.
        due_time: When it is tried again.
        error: What it failed with last; empty where it waits for another.
        edited_from: Id of the event that it was made of by hand.
        envelope: As it came; left out in lists.
    """

    subscription: str
    event: str
    type: str
    site: str
    key: str
    stream_seq: int
    state: str
    attempt: int
    park_time: datetime
    due_time: datetime
    error: str
    edited_from: str = ""
    envelope: msgspec.Raw = msgspec.Raw(b"null")


class Letters:
    """Those of one database.

    Args:
        database: Where subscriptions are known.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def prepare(self) -> None:
        """Makes the tables where no host has yet.

        Raises:
            HanseError: They cannot be made.
        """
        await make_tables(self._database)

    async def parked(self, subscription: str = "", *, waiting: bool = False) -> list[Letter]:
        """Events that nobody tries any more, a thousand at most.

        Args:
            subscription: Only those of one.
            waiting: Those that are tried again as well.

        Raises:
            HanseError: The database is away.
        """
        rows = await self._database.fetch(_LIST, waiting, subscription, LISTED_MAX)
        return [_letter(row) for row in rows]

    async def show(self, event: str, subscription: str = "") -> Letter:
        """One, with its envelope.

        Raises:
            NotFound: There is none.
            InvalidArgument: Several subscriptions have it.
            HanseError: The database is away.
        """
        rows = await self._database.fetch(_SHOW, _uuid(event), subscription)
        if not rows:
            raise NotFound(f"No parked event {event}; `hanse events dead` lists them.")
        if len({row["subscription"] for row in rows}) > 1:
            raise InvalidArgument("Several subscriptions have it; say of which it is.")
        return _letter(rows[0], bytes(rows[0]["envelope"]))

    async def again(self, letter: Letter) -> None:
        """Has it tried again at once, and by the schedule from its beginning.

        Raises:
            NotFound: It is gone.
            HanseError: The database is away.
        """
        now = self._database.clock.now()
        await self._change(_AGAIN, letter, now)

    async def drop(self, letter: Letter) -> None:
        """Has it count as handled, so that those behind it go on.

        Raises:
            NotFound: It is gone.
            HanseError: The database is away.
        """
        async with self._database.transaction():
            await self._database.execute(_SEEN, letter.subscription, UUID(letter.event))
            await self._change(_DROP, letter)

    async def edit(self, letter: Letter, data: bytes) -> str:
        """Has other data handled in its place, as an event of its own; its id.

        Args:
            letter: The event.
            data: Its fields as JSON.

        Raises:
            InvalidArgument: It is no JSON object, is too large, or holds what is sealed.
            FailedPrecondition: The event has sealed values.
            NotFound: It is gone.
            HanseError: The database is away.
        """
        if LOOKS_SEALED.search(bytes(letter.envelope)):
            raise FailedPrecondition(
                "The event has sealed values, which would stand in clear here: `drop` it, and have "
                "its service tell it anew; or release a handler that can take it, and `replay` it."
            )
        if LOOKS_SEALED.search(data):
            raise InvalidArgument("Sealed values are of the event they came in: leave them out.")
        envelope = read_envelope(bytes(letter.envelope))
        now = self._database.clock.now()
        uuid = Uuid7Source().draw(now)
        sent = write_envelope(
            msgspec.structs.replace(envelope, id=str(uuid), data=msgspec.Raw(_object(data)))
        )
        if len(sent) > ENVELOPE_MAX:
            raise InvalidArgument(f"An event has {ENVELOPE_MAX} bytes at most.")
        async with self._database.transaction():
            await self._database.execute(_SEEN, letter.subscription, UUID(letter.event))
            await self._change(_EDIT, letter, uuid, sent, now)
        return str(uuid)

    async def forget(self, subscription: str) -> None:
        """Has a subscription go that no release has any more, and all that waits for it.

        As long as it is known the stream keeps for it what it has not handled, until that is full.

        Raises:
            NotFound: There is none of that name.
            FailedPrecondition: Hosts read for it.
            HanseError: The database is away.
        """
        if await self._database.fetch(_FORGET, subscription):
            return
        if not await self._database.fetch(_THERE, subscription):
            raise NotFound(f"There is no subscription {subscription}.")
        raise FailedPrecondition(
            f"Hosts read for {subscription}: first run a release without it, or wait ten seconds."
        )

    async def _change(self, text: str, letter: Letter, *arguments: Any) -> None:
        event = UUID(letter.event)
        if not await self._database.execute(text, letter.subscription, event, *arguments):
            raise NotFound(f"The event {letter.event} is parked no more.")


def _uuid(event: str) -> UUID:
    try:
        return UUID(event)
    except ValueError:
        raise InvalidArgument(
            f"{event!r} is no id of an event; it is the UUID that the list of dead ones has."
        ) from None


def _object(data: bytes) -> bytes:
    try:
        msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except msgspec.MsgspecError as error:
        raise InvalidArgument(f"The data of an event is a JSON object: {error}.") from None
    return data


def _letter(row: Record, envelope: bytes = b"null") -> Letter:
    return Letter(
        row["subscription"], str(row["event"]), row["type"], row["site"], row["key"],
        row["stream_seq"], row["state"], row["attempt"], row["park_time"], row["due_time"],
        row["error"], str(row["edited_from"] or ""), msgspec.Raw(envelope),
    )  # fmt: skip
