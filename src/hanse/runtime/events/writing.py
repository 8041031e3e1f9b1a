"""Makes of an event what lies in the outbox: checked, sealed, in its envelope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from hanse.kit.uuid7 import Uuid7Source
from hanse.runtime.call.context import Call, running
from hanse.runtime.contract.method import invalid
from hanse.runtime.data.collection.conflict import violated
from hanse.runtime.data.personal.sealing import Sealing
from hanse.runtime.events.envelope import ENVELOPE_MAX, Envelope, write_envelope
from hanse.runtime.events.event import Event, event_of
from hanse.runtime.telemetry.trace_context import format_traceparent

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from hanse.runtime.data.database import Database
    from hanse.runtime.data.personal.keys_used import KeyProof
    from hanse.runtime.events.model import EventModel
    from hanse.runtime.identity.principal import Principal

_read_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class Written(NamedTuple):
    """An event as it lies in the outbox.

    Attributes:
        site: Whose.
        uuid: Its id.
        partition: Where it is told.
        type: Full name of its class.
        envelope: As it is told.
        proof: What it was sealed by, where something is.
    """

    site: str
    uuid: UUID
    partition: int
    type: str
    envelope: bytes
    proof: KeyProof | None

    @property
    def row(self) -> tuple[UUID, int, str, bytes]:
        """For the columns of the outbox, but `seq`."""
        return self.uuid, self.partition, self.type, self.envelope


class Writer:
    """Writes events of all classes.

    Args:
        database: Its clock says when they happened, its keys seal.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ids = Uuid7Source()
        self._sealings: dict[type[Event], Sealing] = {}

    async def written(self, event: Event) -> Written:
        """An event of the running call.

        Raises:
            InvalidArgument: It breaks a rule of its class, or is too large.
            RuntimeError: No call is running, so it is of no site.
            HanseError: The database is away.
        """
        call = running.get()
        if call is None:
            raise RuntimeError("An event is of a site; emit it while a call runs.")
        model = event_of(type(event))
        data, read = _checked(model, event)
        now = self._database.clock.now()
        uuid, site, proof = self._ids.draw(now), call.origin.site, None
        if model.sealed:
            sealing = self._sealing(model)
            documents = {sealing.place(site, uuid): data}
            (data,), proof = await sealing.whole(site, documents)
        envelope = _envelope(model, call, str(uuid), now, (model.key_of(read), data))
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


def _checked(model: EventModel, event: Event) -> tuple[bytes, Any]:
    """An event as a document, and as whoever reads that gets it."""
    try:
        body = model.write(event)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        message = f"A value of {model.name} is of a type that cannot be told: {error}"
        raise violated("", "type", message) from None
    try:
        return body, model.read(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise invalid(error, model.cls) from None


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
        causedby=(call.root or call).cause,
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
