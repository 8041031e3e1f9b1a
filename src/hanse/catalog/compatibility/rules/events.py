"""What services tell each other, in a stream that holds what was told long ago."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.catalog.compatibility.finding import Hit, Rule
from hanse.catalog.compatibility.rules.flow import Flow, by_name
from hanse.catalog.compatibility.rules.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hanse.runtime.contract.description import EventDescription, SubscriptionDescription

_BESIDE = "Leave it, and tell what is new in an event of another name; tell both for a while."
EVENT_REMOVED = Rule(
    "event_removed", "An event is told no more that somebody takes.",
    "Tell it until nobody takes it. Who renames an event takes one away.",
)  # fmt: skip
EVENT_KEY_CHANGED = Rule("event_key_changed", "Events come in another order than before.", _BESIDE)
EVENT_SEAL_CHANGED = Rule(
    "event_seal_changed", "A field is sealed that was not, or for another person, or no more.",
    _BESIDE,
)  # fmt: skip
SUBSCRIPTION_RENAMED = Rule(
    "subscription_renamed", "A subscription has another name, and begins anew under it.",
    'Keep the name it has: @subscribe(…, name="hiring.v1.Notices/notify").',
)  # fmt: skip
RULES = (EVENT_REMOVED, EVENT_KEY_CHANGED, EVENT_SEAL_CHANGED, SUBSCRIPTION_RENAMED)


def removed_event_hits(event: EventDescription) -> Iterator[Hit]:
    """Told of an event that is told no more."""
    yield Hit(EVENT_REMOVED, event.full_name, "is told no more, and is taken.")


def event_hits(
    told: EventDescription, taken: EventDescription, *, old_tells: bool
) -> Iterator[Hit]:
    """What breaks who takes an event.

    Args:
        told: As who tells it knows it.
        taken: As who takes it does.
        old_tells: Whether it is the older release that tells, or told it long ago.
    """
    flow = Flow("event", by_name(told.types), by_name(taken.types), old_tells, sparse=old_tells)
    yield from Walk(flow).fields(f"{told.full_name} ", told.fields, taken.fields)
    before, after = (told, taken) if old_tells else (taken, told)
    yield from key_hits(before, after)
    yield from seal_hits(before, after)


def key_hits(before: EventDescription, after: EventDescription) -> Iterator[Hit]:
    """Told where something else orders an event."""
    if before.key != after.key:
        was, now = (one.key or "its site" for one in (before, after))
        says = f"was ordered by {was!r}, and is by {now!r}: in no order with what was told before."
        yield Hit(EVENT_KEY_CHANGED, before.full_name, says)


def seal_hits(before: EventDescription, after: EventDescription) -> Iterator[Hit]:
    """Told where a field that both have is sealed otherwise."""
    fields = {field.name for field in before.fields} & {field.name for field in after.fields}
    was, now = dict(before.personal), dict(after.personal)
    for path in sorted(was.keys() | now.keys()):
        if was.get(path) != now.get(path) and path.partition(".")[0] in fields:
            says = f"{_sealed(was.get(path))}, and {_sealed(now.get(path))} now."
            yield Hit(EVENT_SEAL_CHANGED, f"{before.full_name} {path}", says)


def subscription_hits(
    before: SubscriptionDescription, after: Sequence[SubscriptionDescription]
) -> Iterator[Hit]:
    """Told of a subscription that is gone, where one of the same events has come in its place."""
    if any(one.name == before.name for one in after):
        return
    new = next((one for one in after if set(one.events) & set(before.events)), None)
    if new is not None:
        says = f"is {new.name} now, which knows nothing of how far it came and what is parked."
        yield Hit(SUBSCRIPTION_RENAMED, before.name, says)


def _sealed(person: str | None) -> str:
    return "is not sealed" if person is None else f"is sealed for {person}"
