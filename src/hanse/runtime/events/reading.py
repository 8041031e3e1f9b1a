"""Makes events of envelopes: what is personal is opened, what its class does not know ignored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import UUID

import msgspec

from hanse.runtime.data.personal.sealing import Sealing
from hanse.runtime.events.envelope import Envelope, UnreadableEvent
from hanse.runtime.events.event import Event, event_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hanse.runtime.data.personal.keys_opened import KeysOpened
    from hanse.runtime.data.personal.subject_keys import SubjectKeys

E = TypeVar("E", bound=Event)


class Reader(Generic[E]):
    """Reads the events of one class.

        reader = Reader(JobPublished, database.keys)
        (job,) = await reader.read([read_envelope(sent)])

    Args:
        cls: The class.
        keys: What personal data is sealed under.

    Attributes:
        model: What was read of the class.
    """

    def __init__(self, cls: type[E], keys: SubjectKeys) -> None:
        self.model = event_of(cls)
        self._sealing = Sealing(self.model, keys, remembered=0) if self.model.sealed else None

    async def read(
        self,
        envelopes: Sequence[Envelope],
        *,
        anew: bool = False,
        opened: KeysOpened | None = None,
    ) -> list[E | None]:
        """Events in the order of their envelopes, whatever sites they are of.

        None stands for one that is gone, as a row would be: it was of a person who was erased. It
        asks the database where a key is not at hand, once a site.

        Args:
            envelopes: As they came.
            anew: Whether it asks for those at hand too: for events that were told long ago, whose
                persons another host may have erased in the last minutes.
            opened: Remembers whom it read; left out, the running call does.

        Raises:
            UnreadableEvent: One is not what its class says; in a batch it is not said which.
            BrokenSeal: A value was moved or changed.
            HanseError: The database is away.
        """
        if self._sealing is None:
            return [self._event(one, one.data) for one in envelopes]
        documents: dict[str, Any] = {}
        for site in dict.fromkeys(one.site for one in envelopes):
            rows = [
                {"id": _uuid(one), "shape": self.model.shape, "doc": one.data, "event": one.id}
                for one in envelopes
                if one.site == site
            ]
            found = await self._sealing.opened(site, rows, anew=anew, by=opened)
            documents |= {row["event"]: row["doc"] for row in found}
        return [
            self._event(one, documents[one.id]) if one.id in documents else None
            for one in envelopes
        ]

    def _event(self, envelope: Envelope, data: Any) -> E:
        try:
            return self.model.read(data)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            what = f"The event {envelope.id} is no {self.model.full_name}: {error}."
            raise UnreadableEvent(what) from error


def _uuid(envelope: Envelope) -> UUID:
    try:
        return UUID(envelope.id)
    except ValueError as error:
        raise UnreadableEvent(f"What came as an event has no id: {error}.") from error
