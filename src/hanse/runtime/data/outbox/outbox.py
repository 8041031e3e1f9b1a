"""The outbox as a collection sees it: what makes of an event the row that tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from uuid import UUID

    from hanse.runtime.data.outbox.event import Event
    from hanse.runtime.data.personal.keys_used import KeyProof, Keys


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


class Outbox(Protocol):
    """Makes rows of events; there is one where a service of the host asks for `Events`."""

    def seals(self, event: Event) -> bool:
        """Whether something of an event is personal."""
        ...

    async def written(self, event: Event, keys: Keys | None = None) -> Written:
        """An event of the running call.

        Args:
            event: Itself.
            keys: What else is sealed by in the same statement, new ones among it.

        Raises:
            HanseError: It breaks a rule, or cannot be told now.
        """
        ...

    def kept(self, *events: Event) -> None:
        """Says that they lie there, so that they are told as soon as they are committed."""
        ...
