"""What is sent: an event as it was told, its deliveries to endpoints, and each try of one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

import msgspec

from hanse.runtime.contract.rules import Instant, Length
from hanse.runtime.data.entity.entity import Entity, entity
from hanse.runtime.data.entity.marks import Index, Retention

KEPT_DAYS = 30
"""For so long an event can be sent, and there is a log of a delivery from its end on."""

UNDER_WAY_DAYS = 60
"""Longer than anything waits and is tried. What is said to be under way then was left behind."""

DeliveryState: TypeAlias = Literal["waiting", "sending", "delivered", "failed", "skipped", "gone"]
Id: TypeAlias = Annotated[str, Length(1, 100)]


@entity("webhooks.message", prefix="message", retention=Retention(days=KEPT_DAYS))
class StoredMessage(Entity):
    """An event on its way to endpoints, with what is personal in it sealed.

    Attributes:
        envelope: As it was told.
    """

    envelope: str


@entity(
    "webhooks.delivery",
    Index("line", "state", "place"),
    Index("endpoint", "-create_time"),
    Index("endpoint", "state", "-create_time"),
    prefix="delivery",
    retention=Retention(days=KEPT_DAYS, since="kept_from"),
)
class StoredDelivery(Entity):
    """One event for one endpoint.

    Attributes:
        endpoint: Whose.
        event: Its id.
        type: Its full name.
        message: What has its envelope.
        kept_from: What the days of the log are counted from: its end, or, while it is under way,
            a time behind any end, so that nothing goes from its line untried and unseen.
        line: What goes to that endpoint one after the other: events of one key.
        place: In that line, of those that wait.
        state: How it stands.
        tries: How often it was tried.
        why: How the last try failed, or why there was none.
        round: Counted from 1: how often it was sent on its way.
    """

    endpoint: Id
    event: Id
    type: Annotated[str, Length(1, 200)]
    message: Id
    kept_from: Instant
    line: Annotated[str, Length(1, 150)]
    place: int = 0
    state: DeliveryState = "waiting"
    tries: int = 0
    why: str = ""
    round: int = 1


@entity(
    "webhooks.attempt",
    Index("delivery", "create_time"),
    prefix="attempt",
    retention=Retention(days=KEPT_DAYS),
)
class Attempt(Entity):
    """One try to deliver.

    Attributes:
        delivery: Of what.
        number: Counted from 1, over all tries of that.
        status: What was answered; 0 if nothing was.
        milliseconds: How long it took.
        failure: What was wrong, in a sentence; empty if it was taken.
    """

    delivery: Id
    number: int
    status: int = 0
    milliseconds: int = 0
    failure: str = ""


class WebhookDelivery(msgspec.Struct, frozen=True):
    """One event for one endpoint.

    Attributes:
        id: `delivery_…`.
        webhook_id: What it is sent under each time, so that its receiver can tell repeats.
        endpoint: Where to.
        event: Id of the event.
        type: Its full name.
        state: waiting (for others of its key), sending (and tried again), delivered, failed (nobody
            tries it any more), skipped (its endpoint was not active), gone (its person was erased,
            or it is older than the log).
        tries: How often it was tried.
        why: How the last try failed, or why there was none.
        create_time: When the event came to be delivered.
    """

    id: str
    webhook_id: str
    endpoint: str
    event: str
    type: str
    state: DeliveryState
    tries: int
    why: str
    create_time: datetime


class WebhookDeliveries(msgspec.Struct, frozen=True):
    """Some deliveries of an endpoint, the newest first.

    Attributes:
        items: Themselves.
        next_cursor: To be given back for what follows; empty at the end.
    """

    items: tuple[WebhookDelivery, ...]
    next_cursor: str = ""


class Replayed(msgspec.Struct, frozen=True):
    """What is sent again of a range.

    Attributes:
        count: So many are on their way.
        next_cursor: To be given back for the rest of the range; empty at its end.
    """

    count: int
    next_cursor: str = ""
