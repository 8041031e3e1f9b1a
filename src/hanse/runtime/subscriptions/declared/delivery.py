"""What a handler may know of the event it was given, beside what the event says."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Delivery(msgspec.Struct, frozen=True):
    """One event on its way into a handler; asked for by a second argument of this type.

        async def notify(self, event: JobPublished, delivery: Delivery) -> None:
            await self._mail.send(…, idempotency_key=delivery.key)

    Attributes:
        id: The event's; the same however often it comes.
        key: What an outside effect is done under: the same for this event and subscription, however
            often it is tried, and another for any other.
        attempt: 1 for the first.
        time: When the event happened, by the clock of who told it.
        causer: Who caused it, as `kind:id`: a fact, which gives no right.
        site: The tenant it happened at.
        locale: BCP 47 tag of who caused it; empty where nobody said. A method that takes many
            events runs in theirs where they have the same, else in the default.
    """

    id: str
    key: str
    attempt: int
    time: datetime
    causer: str
    site: str
    locale: str = ""
