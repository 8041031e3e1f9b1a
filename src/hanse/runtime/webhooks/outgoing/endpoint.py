"""Endpoints: where a site wants its events sent, as they are stored and as they are shown."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

import msgspec

from hanse.runtime.config.secret import Secret
from hanse.runtime.contract.rules import Instant, Length
from hanse.runtime.data.entity.entity import Entity, entity
from hanse.runtime.events.event import Event, event
from hanse.runtime.webhooks.egress.target import URL_MAX

State: TypeAlias = Literal["active", "paused", "disabled"]
Url: TypeAlias = Annotated[str, Length(1, URL_MAX)]
Kinds: TypeAlias = Annotated[tuple[Annotated[str, Length(1, 200)], ...], Length(0, 100)]
Description: TypeAlias = Annotated[str, Length(0, 200)]


@entity("webhooks.endpoint", prefix="endpoint")
class StoredEndpoint(Entity):
    """Where a site wants its events sent.

    Attributes:
        url: As it was given.
        events: Full names of the events it wants; none for all.
        description: For people.
        personal: Whether it is sent personal fields.
        state: Paused by its owner, or disabled because it failed.
        why: What it was disabled for.
        failing_since: When it began to fail; None while it does not.
        secret: What is signed with.
        old_secret: The one before.
        old_secret_until: So long that one signs as well.
    """

    url: Url
    events: Kinds = ()
    description: Description = ""
    personal: bool = False
    state: State = "active"
    why: str = ""
    failing_since: Instant | None = None
    secret: Secret | None = None
    old_secret: Secret | None = None
    old_secret_until: Instant | None = None


class Endpoint(msgspec.Struct, frozen=True):
    """Where a site has its events sent.

    Attributes:
        id: `endpoint_…`.
        url: Where to.
        events: Full names of the events it is sent; none for all that are told.
        description: For people.
        personal: Whether it is sent personal fields; without, they are left out.
        state: active, paused by its owner, or disabled because it failed.
        why: What it was disabled for.
        failing_since: When it began to fail, if it does.
        create_time: When it was made.
    """

    id: str
    url: str
    events: tuple[str, ...]
    description: str
    personal: bool
    state: State
    why: str
    failing_since: datetime | None
    create_time: datetime


class NewEndpoint(msgspec.Struct, frozen=True):
    """An endpoint with the secret that it is signed for, which is shown this once.

    Attributes:
        endpoint: Itself.
        secret: `whsec_…`, for whoever verifies.
    """

    endpoint: Endpoint
    secret: str


@event("webhooks.v1", key="endpoint")
class EndpointDisabled(Event):
    """An endpoint is sent nothing any more, until somebody enables it.

    Attributes:
        endpoint: Its id.
        url: Where it was, up to the host: path and query have tokens in them often.
        why: What for, in a sentence.
    """

    endpoint: str
    url: str
    why: str


def shown(stored: StoredEndpoint) -> Endpoint:
    """An endpoint without its secrets."""
    assert stored.create_time is not None, "it was read"
    return Endpoint(
        stored.id, stored.url, stored.events, stored.description, stored.personal, stored.state,
        stored.why, stored.failing_since, stored.create_time,
    )  # fmt: skip
