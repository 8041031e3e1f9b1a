"""Writes to customers."""

import logging
from collections import deque
from typing import Annotated

from boutique_email import api
from boutique_email.letter import Letter, Letters
from hanse import Range, Service, Settings

log = logging.getLogger("boutique.email")


class EmailsSettings(Settings):
    """What is kept of what was written."""

    kept: Annotated[int, Range(0, 10_000)] = 100
    """Letters kept in the outbox, the last ones."""


class Emails(Service, api.Emails):
    """Puts letters into an outbox in memory, from which nobody fetches them yet."""

    def __init__(self, settings: EmailsSettings) -> None:
        self._letters = Letters()
        self._outbox: deque[Letter] = deque(maxlen=settings.kept)

    @property
    def outbox(self) -> tuple[Letter, ...]:
        """The last letters written, oldest first."""
        return tuple(self._outbox)

    async def send_order_confirmation(self, email: api.EmailAddress, order: api.Order) -> None:
        self._outbox.append(self._letters.confirmation(email, order))
        log.info("confirmation written", extra={"order_id": order.order_id})
