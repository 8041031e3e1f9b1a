"""`hanse events again`: has one subscription handle a part of the stream once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hanse.cli.backup.restoring import moment
from hanse.cli.events.broker import reached_broker
from hanse.cli.events.place import Place, reach, say
from hanse.cli.fleet.called import called
from hanse.cli.refusal import Refused
from hanse.runtime.broker.stream import EventStream
from hanse.runtime.events.relay.tables import settled_stream
from hanse.runtime.subscriptions.replay import Range, begin_replay, range_between

if TYPE_CHECKING:
    from datetime import datetime

    from hanse.cli.data.persons import Reached
    from hanse.runtime.subscriptions.feeding.part import Part


class Asked(NamedTuple):
    """Which part: by sequences, or by when it was told; 0 and empty where that is not said."""

    first: int
    last: int
    since: str
    until: str


class Moments(NamedTuple):
    """When it was told; None for as early, or as late, as there is anything."""

    since: datetime | None
    until: datetime | None


def again(place: Place, subscription: str, asked: Asked) -> None:
    """Has it handled once more.

    Raises:
        Refused: There is no such subscription, or not all of it is there.
    """
    wanted = _wanted(asked)

    async def begun(found: Reached) -> tuple[Part, Range]:
        async with reached_broker(found.project, dev=place.dev) as broker:
            name = await settled_stream(found.database)
            if broker is None or name is None:
                raise Refused(
                    "Nobody can say whether it is there still: the stream cannot be looked at.",
                    f"Start what tells events: {called('up')}; then say it again.",
                )
            stream = EventStream(broker, name)
            part = wanted if isinstance(wanted, Range) else await range_between(stream, *wanted)
            return await begin_replay(found.database, stream, subscription, part), part

    part, (first, last) = reach(place, begun, "events list")
    told = {"replay_epoch": part.feed.replay_epoch, "first": first, "last": last}
    say(place, told, f"{subscription} handles events {first:,} to {last:,} once more.")


def _wanted(asked: Asked) -> Range | Moments:
    by_sequence, by_time = asked.first or asked.last, asked.since or asked.until
    if bool(by_sequence) == bool(by_time) or (by_sequence and not (asked.first and asked.last)):
        raise Refused(
            "Which events?",
            "Say --first and --last, their sequences; or --from and --to, when they were told.",
        )
    if by_sequence:
        return Range(asked.first, asked.last)
    return Moments(moment(asked.since), moment(asked.until))
