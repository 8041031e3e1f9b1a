"""`hanse events list` and `stream`: how far subscriptions are, and what is on its way to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from hanse.cli.events.broker import reached_broker
from hanse.cli.events.place import Place, reach, say, tell
from hanse.runtime.subscriptions.overview import Overview

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from hanse.cli.data.persons import Reached
    from hanse.runtime.subscriptions.overview import StreamState

T = TypeVar("T")

_MIB = 1024**2
_LONG = ((86_400, "d"), (3600, "h"), (60, "min"))


def subscriptions(place: Place) -> None:
    """Lists subscriptions.

    Raises:
        Refused: There is no project, or its database does not answer.
    """
    found = _look(place, lambda overview: overview.subscriptions())
    titles = ("subscription", "position", "lag", "behind", "hosts", "waiting", "dead")
    rows = [
        (one.name, f"{one.position:,}", f"{one.lag:,}", _duration(one.lag_seconds),
         *(f"{n:,}" for n in (one.hosts, one.waiting, one.dead)))
        for one in found
    ]  # fmt: skip
    tell(place, found, titles, rows, "Nobody subscribes to events.")


def stream(place: Place) -> None:
    """Shows the stream, the outbox, and who empties it.

    Raises:
        Refused: There is no project, or its database does not answer.
    """
    found = _look(place, lambda overview: overview.stream())
    say(place, found, "\n".join((_stream(found), _outbox(found), _leader(found))))


def _stream(one: StreamState) -> str:
    if not one.name:
        return "There is no stream yet: no host with events and a broker has run here."
    if one.messages is None:
        return f"Stream {one.name}: {one.told:,} events were told so far."
    share = f"{(one.bytes or 0) / _MIB:,.1f} of {(one.bytes_most or 0) / _MIB:,.0f} MiB"
    if not one.messages:
        return f"Stream {one.name}: nothing is in it, {one.last:,} was the last; {share}."
    return f"Stream {one.name}: {one.messages:,} events, {one.first:,} to {one.last:,}; {share}."


def _outbox(one: StreamState) -> str:
    if not one.waiting:
        return "Outbox: nothing waits to be told."
    waits = "1 event waits" if one.waiting == 1 else f"{one.waiting:,} events wait"
    return f"Outbox: {waits} to be told, the oldest for {_duration(one.oldest_seconds)}."


def _leader(one: StreamState) -> str:
    if one.leader:
        return f"Relay: the process {one.leader} tells them."
    return "Relay: nobody tells them now; a host with events and a broker would."


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "?"
    for unit, name in _LONG:
        if seconds >= unit:
            return f"{seconds / unit:.1f} {name}"
    return f"{seconds:.0f} s"


def _look(place: Place, work: Callable[[Overview], Coroutine[Any, Any, T]]) -> T:
    async def looked(found: Reached) -> T:
        async with reached_broker(found.project, dev=place.dev) as broker:
            return await work(Overview(found.database, broker))

    return reach(place, looked)
