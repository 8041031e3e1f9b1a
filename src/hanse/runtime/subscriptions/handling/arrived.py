"""An event that came to a subscription and is not settled."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from hanse.runtime.data.personal.sealed_text import LOOKS_SEALED
from hanse.runtime.events.envelope import Envelope, UnreadableEvent, read_envelope
from hanse.runtime.subscriptions.handling.claim import Claim

if TYPE_CHECKING:
    from hanse.runtime.broker.message import Message


class Arrived(msgspec.Struct, frozen=True):
    """One event as it came.

    Attributes:
        envelope: As it was read.
        sent: Its bytes, for as long as it may have to be kept.
        seq: Where it stands in the stream.
        partition: It came in.
        epoch: Under which this host holds that partition.
        attempt: 1, or how often it was tried with this time.
        parked: Whether it comes out of the parked ones.
    """

    envelope: Envelope
    sent: bytes
    seq: int
    partition: int
    epoch: int
    attempt: int = 1
    parked: bool = False

    @classmethod
    def read(cls, message: Message, epoch: int) -> Arrived:
        """An event that the stream had, in a partition that is held under an epoch.

        Raises:
            UnreadableEvent: It is none, or of what is said of it nothing can be kept.
        """
        envelope = read_envelope(message.data)
        try:
            UUID(envelope.id)
        except ValueError as error:
            raise UnreadableEvent(f"What came as an event has no id: {error}.") from error
        if "\0" in envelope.site + envelope.subject + envelope.type:
            raise UnreadableEvent(f"Site, key or type of the event {envelope.id} has U+0000 in it.")
        return cls(envelope, message.data, message.sequence, message.partition, epoch)

    @property
    def holds_sealed(self) -> bool:
        """Whether something of it is of a person, and stands nowhere in clear."""
        return LOOKS_SEALED.search(self.sent) is not None

    @property
    def order(self) -> tuple[str, str]:
        """What has its events come one after the other."""
        return self.envelope.site, self.envelope.subject

    @property
    def claim(self) -> Claim:
        """What a handler's transaction begins with."""
        one = self.envelope
        return Claim(
            UUID(one.id), self.seq, self.partition, self.epoch, one.site, one.subject, self.parked
        )
