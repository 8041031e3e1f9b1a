"""Writes to customers."""

import logging
from collections import deque
from typing import Annotated

from boutique_checkout.api import Checkout, OrderPlaced

from boutique_email.letter import Letter, Letters
from hanse import Range, Service, Settings, subscribe

log = logging.getLogger("boutique.email")


class EmailsSettings(Settings):
    """What is kept of what was written."""

    kept: Annotated[int, Range(0, 10_000)] = 100
    """Letters kept in the outbox, the last ones."""


class Emails(Service, package="email.v1"):
    """Tells customers what they bought."""

    def __init__(self, checkout: Checkout, settings: EmailsSettings) -> None:
        self._checkout = checkout
        self._letters = Letters()
        self._outbox: deque[Letter] = deque(maxlen=settings.kept)

    @property
    def outbox(self) -> tuple[Letter, ...]:
        """The last letters written, oldest first."""
        return tuple(self._outbox)

    @subscribe(OrderPlaced)
    async def confirm(self, event: OrderPlaced) -> None:
        """The confirmation of an order."""
        placed = await self._checkout.get_order(event.order_id)
        self._outbox.append(self._letters.confirmation(placed.email, placed.order))
        log.info("confirmation written", extra={"order_id": event.order_id})
