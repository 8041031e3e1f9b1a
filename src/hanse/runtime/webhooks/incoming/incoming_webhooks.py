"""`IncomingWebhooks`: what others send becomes an event, once."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Any, Self

from hanse.runtime.call.context import running
from hanse.runtime.contract.incoming.incoming import Incoming
from hanse.runtime.contract.rules import Length
from hanse.runtime.data.collection.collection import Collection
from hanse.runtime.data.collection.conflict import Duplicate
from hanse.runtime.data.entity.entity import Entity, entity
from hanse.runtime.data.entity.marks import Retention, Unique
from hanse.runtime.errors import Internal
from hanse.runtime.events.event import Event
from hanse.runtime.events.events import Events
from hanse.runtime.webhooks.incoming.verifier import Verified, Verifier

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.runtime.data.database import Database

REMEMBERED_DAYS = 30
"""Longer than anybody sends again by itself: Stripe does for three days, we do for two."""


@entity("webhooks.received", prefix="received", retention=Retention(days=REMEMBERED_DAYS))
class Received(Entity):
    """That a webhook came.

    Attributes:
        digest: Of who took it and its id.
    """

    digest: Annotated[str, Length(1, 64), Unique()]


class IncomingWebhooks:
    """Takes webhooks in. A service asks for it in its constructor.

        def __init__(self, incoming: IncomingWebhooks, settings: BankSettings) -> None:
            self._incoming = incoming
            self._sender = StandardWebhooks(settings.secret)

        @rpc("POST /billing/v1/hooks/bank", allow=PUBLIC, body="incoming", errors=(NotVerified,))
        async def bank(self, incoming: Incoming) -> None:
            await self._incoming.take(incoming, self._sender, paid_of)

    It answers as soon as the event is kept. What follows from that is a subscription's: in the
    order of the event's key, tried again when it fails, parked when it came too early.
    """

    tells_events = True

    def __init__(self, database: Database) -> None:
        kind: Any = Collection
        self._database = database
        self._received: Collection[Received] = kind.__from_database__(kind[Received], database)
        if database.outbox is None:
            database.prepare(Events(database).begin)

    @classmethod
    def __from_database__(cls, kind: Any, database: Database) -> Self:
        return cls(database)

    async def take(
        self,
        incoming: Incoming,
        sender: Verifier,
        event_of: Callable[[Verified], Event | None],
        *,
        account: str = "",
    ) -> bool:
        """Verifies a webhook, and tells the event it stands for, unless it came before.

        That it came and the event are one statement. By its id it is known for 30 days, in the
        running method; where one method takes for several senders, `account` tells them apart.

        Args:
            incoming: As it came.
            sender: How it is verified.
            event_of: The event; None for what is of no interest. What it raises is answered.
            account: Whose it is, where the method is not enough.

        Returns:
            Whether it came for the first time, and was of interest.

        Raises:
            NotVerified: It is not the sender's, or too old.
            InvalidArgument: It is the sender's, and no event can be made of it.
            ResourceExhausted: Too many events wait to be told; whoever sends it comes again.
            HanseError: The database is away.
        """
        verified = sender.verify(incoming, self._database.clock.now())
        event = event_of(verified)
        if event is None:
            return False
        try:
            digest = _digest(account, verified.id)
            await self._received.create(Received(digest=digest), event=event)
        except Duplicate:
            return False
        return True


def _digest(account: str, id: str) -> str:
    call = running.get()
    if call is None:
        raise Internal("A webhook is taken in by a method; call this in one.")
    parts = (call.method.full_name, account, id)
    whole = b"".join(len(one.encode()).to_bytes(8) + one.encode() for one in parts)
    return hashlib.blake2b(whole, digest_size=32).hexdigest()
