"""What is done about one row, and goes along with it, when it is written with an event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from hanse.runtime.data.personal.keys_used import (
    ARGUMENTS,
    KeyProof,
    Keys,
    forget_doubted,
    remember_new,
)
from hanse.runtime.data.personal.seals import Seals, Sent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from hanse.runtime.data.entity.personal import PersonalLeaf
    from hanse.runtime.data.outbox.event import Event
    from hanse.runtime.data.outbox.outbox import Outbox
    from hanse.runtime.data.personal.sealing import Sealing
    from hanse.runtime.data.personal.subject_keys import SubjectKeys


class Telling(Seals):
    """As `Seals`, for one write: whatever is sent has the event as its last arguments.

    What the event was sealed by is proven by the same statement, together with what the row was.

    Args:
        sealing: Of the entity; None if nothing of it is sealed.
        keys: Of all persons.
        outbox: Makes a row of the event.
        event: Itself.
    """

    def __init__(
        self, sealing: Sealing | None, keys: SubjectKeys, outbox: Outbox, event: Event
    ) -> None:
        super().__init__(sealing)
        self._keys = keys
        self._outbox = outbox
        self._event = event

    async def prepared(self) -> Self:
        """Itself, when the event is known to be one that can be told.

        Raises:
            HanseError: As `Outbox.written`.
        """
        if not self._outbox.seals(self._event):
            self.beside = (await self._outbox.written(self._event)).row
        return self

    @property
    def needed(self) -> bool:
        """Whether anything is sealed, of the row or of the event."""
        return super().needed or not self.beside

    async def whole(
        self,
        row: tuple[str, UUID],
        body: bytes,
        *,
        new: bool = False,
        foreign: Sequence[PersonalLeaf] = (),
    ) -> Sent:
        """As `Seals.whole`."""
        return await self._with_event(await super().whole(row, body, new=new, foreign=foreign))

    async def part(self, row: tuple[str, UUID], body: bytes) -> Sent | None:
        """As `Seals.part`."""
        sent = await super().part(row, body)
        return None if sent is None else await self._with_event(sent)

    async def alone(self) -> Sent:
        """As `Seals.alone`."""
        return await self._with_event(await super().alone())

    async def is_done(self, row: tuple[str, UUID], answer: Any, sent: Sent) -> bool:
        """As `Seals.is_done`; an event of a row that was not written is not there either."""
        done = await super().is_done(row, answer, sent)
        if not super().needed and sent.proof is not None:
            if done:
                remember_new(self._keys, row[0], sent.proof)
            else:
                await forget_doubted(self._keys, row[0], sent.proof)
        return done

    async def _with_event(self, sent: Sent) -> Sent:
        if self.beside:
            return sent._replace(arguments=[*sent.arguments, *self.beside])
        given: Keys = {} if sent.proof is None else sent.proof.keys
        written = await self._outbox.written(self._event, given)
        assert written.proof is not None, "it is sealed"
        proof = KeyProof({**given, **written.proof.keys})
        last = sent.arguments[ARGUMENTS:]
        return Sent(sent.body, [*proof.arguments, *last, *written.row], proof)
