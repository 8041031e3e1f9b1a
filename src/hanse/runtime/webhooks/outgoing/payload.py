"""The body of a webhook: an event as its endpoint may see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from hanse.runtime.events.envelope import read_envelope
from hanse.runtime.events.reading import Reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hanse.runtime.data.personal.subject_keys import SubjectKeys
    from hanse.runtime.events.event import Event


class Payloads:
    """Makes bodies of envelopes.

        {"type": "hiring.v1.JobPublished", "timestamp": "2026-01-01T09:00:00Z", "data": {…}}

    Args:
        events: Those that are told.
        keys: What is personal in them is sealed under.
    """

    def __init__(self, events: Sequence[type[Event]], keys: SubjectKeys) -> None:
        readers = [Reader[Any](one, keys) for one in events]
        self._readers = {one.model.full_name: one for one in readers}

    async def of(self, sent: bytes, *, personal: bool) -> bytes | None:
        """The body for an envelope; None if the event is gone, as its person is.

        It is opened now and not before: what was erased meanwhile is in no body.

        Args:
            sent: The envelope.
            personal: Whether personal fields are in it.

        Raises:
            UnreadableEvent: It is none of the events that are told.
            HanseError: The database is away.
        """
        envelope = read_envelope(sent)
        reader = self._readers.get(envelope.type)
        if reader is None:
            return None
        (event,) = await reader.read([envelope])
        if event is None:
            return None
        data = msgspec.to_builtins(event)
        if not personal:
            for one in reader.model.personal:
                _leave_out(data, one.path)
        body = {"type": envelope.type, "timestamp": envelope.time, "data": data}
        return msgspec.json.encode(body)


def _leave_out(data: Any, path: tuple[str, ...]) -> None:
    for step in path[:-1]:
        data = data.get(step)
        if data is None:  # a struct that is not there has no fields
            return
    data.pop(path[-1], None)
