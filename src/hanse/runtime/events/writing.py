"""Makes of an event what lies in the outbox: checked, sealed, in its envelope."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.kit.uuid7 import Uuid7Source
from hanse.runtime.call.context import Call, running
from hanse.runtime.contract.method import invalid
from hanse.runtime.data.collection.conflict import violated
from hanse.runtime.data.outbox.outbox import Written
from hanse.runtime.data.personal.sealing import Sealing
from hanse.runtime.events.envelope import ENVELOPE_MAX, KEY_MAX, Envelope, write_envelope
from hanse.runtime.events.event import Event, event_of
from hanse.runtime.events.room import Room
from hanse.runtime.telemetry.trace_context import format_traceparent

if TYPE_CHECKING:
    from datetime import datetime

    from hanse.runtime.data.database import Database
    from hanse.runtime.data.personal.keys_used import Keys
    from hanse.runtime.events.model import EventModel
    from hanse.runtime.identity.principal import Principal

_read_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class Writer:
    """Writes events of all classes; the `Outbox` of their database.

    Args:
        database: Its clock says when they happened, its keys seal.

    Attributes:
        room: Whether more are taken in.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.room = Room(database)
        self._ids = Uuid7Source()
        self._sealings: dict[type[Event], Sealing] = {}

    def seals(self, event: Event) -> bool:
        """Whether something of an event is personal."""
        return bool(_model_of(event).sealed)

    def kept(self, *events: Event) -> None:
        """Says that they lie there, so that they are told as soon as they are committed."""
        database = self._database
        names = [_model_of(one).full_name for one in events]
        database.once_kept(partial(database.told.update, names))
        database.once_kept(database.outbox_wake.set)

    async def written(self, event: Event, keys: Keys | None = None) -> Written:
        """An event of the running call.

        Args:
            event: Itself.
            keys: What else is sealed by in the same statement, new ones among it.

        Raises:
            InvalidArgument: It breaks a rule of its class, or is too large.
            ResourceExhausted: Too many wait to be told.
            RuntimeError: No call is running, so it is of no site.
            HanseError: The database is away.
        """
        self.room.check()
        call = running.get()
        if call is None:
            raise RuntimeError("An event is of a site; emit it while a call runs.")
        model = _model_of(event)
        data, key = _checked(model, event)
        now = self._database.clock.now()
        uuid, site, proof = self._ids.draw(now), call.origin.site, None
        if model.sealed:
            sealing = self._sealing(model)
            documents = {sealing.place(site, uuid): data}
            (data,), proof = await sealing.whole(site, documents, given=keys or {})
        envelope = _envelope(model, call, str(uuid), now, (key, data))
        sent = write_envelope(envelope)
        if len(sent) > ENVELOPE_MAX:
            raise _too_large(model, data, len(sent))
        return Written(site, uuid, envelope.partition, model.full_name, sent, proof)

    def _sealing(self, model: EventModel) -> Sealing:
        found = self._sealings.get(model.cls)
        if found is None:
            found = Sealing(model, self._database.keys, remembered=0)
            self._sealings[model.cls] = found
        return found


def _model_of(event: Any) -> EventModel:
    if not isinstance(event, Event):
        raise TypeError(f"{event!r} is no event; class {type(event).__name__}(Event)")
    return event_of(type(event))


def _checked(model: EventModel, event: Event) -> tuple[bytes, str]:
    """An event as a document, which keeps the rules of its class, and its key."""
    try:
        body = model.write(event)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        message = f"A value of {model.name} is of a type that cannot be told: {error}"
        raise violated("", "type", message) from None
    try:
        key = model.key_of(model.read(body))
    except (msgspec.DecodeError, RecursionError) as error:
        raise invalid(error, model.cls) from None
    if len(key) > KEY_MAX:
        name = ".".join(model.key)
        message = f"`{name}` orders it, and has {len(key)} characters; {KEY_MAX} at most."
        raise violated(name, f"length <= {KEY_MAX}", message)
    if "\0" in key:
        name = ".".join(model.key)
        message = (
            f"`{name}` orders it, and has U+0000 in it, which no database keeps; leave it out."
        )
        raise violated(name, "no U+0000", message)
    return body, key


def _envelope(
    model: EventModel, call: Call, id: str, now: datetime, said: tuple[str, bytes]
) -> Envelope:
    key, data = said
    return Envelope(
        specversion="1.0",
        id=id,
        source=f"/{model.package}",
        type=model.full_name,
        time=now,
        site=call.origin.site,
        datacontenttype="application/json",
        data=msgspec.Raw(data),
        subject=key,
        locale=call.origin.locale,
        traceparent=format_traceparent(call.trace_id, call.span_id, call.sampled),
        causer=_named(call.origin.principal),
        causedby=call.origin.cause,
    )


def _named(principal: Principal) -> str:
    return f"{principal.kind}:{principal.id}" if principal.id else principal.kind


def _too_large(model: EventModel, data: bytes, size: int) -> Exception:
    sizes = {name: len(bytes(raw)) for name, raw in _read_members(data).items()}
    largest = max(sizes, key=lambda name: sizes[name], default="")
    message = (
        f"{model.full_name} has {size} bytes; at most {ENVELOPE_MAX} can be told. `{largest}` has "
        f"{sizes.get(largest, 0)} of them: keep it in an entity or a file of one, and name its id."
    )
    return violated(largest, f"size <= {ENVELOPE_MAX}", message)
