"""Writes to customers."""

import logging

from boutique_checkout.api import Checkout, OrderPlaced

from boutique_email.letter import Confirmation, confirmation
from hanse import Service, subscribe
from hanse.mail import Mail

log = logging.getLogger("boutique.email")


class Emails(Service, package="email.v1"):
    """Tells customers what they bought: once an order, whoever dies meanwhile."""

    def __init__(self, checkout: Checkout, confirmations: Mail[Confirmation]) -> None:
        self._checkout = checkout
        self._confirmations = confirmations

    @subscribe(OrderPlaced)
    async def confirm(self, event: OrderPlaced) -> None:
        """The confirmation of an order; gone with its customer, if that is erased."""
        placed = await self._checkout.get_order(event.order_id)
        letter = confirmation(placed.order)
        await self._confirmations.send(letter, to=placed.email, person=placed.user_id)
        log.info("confirmation written", extra={"order_id": event.order_id})
