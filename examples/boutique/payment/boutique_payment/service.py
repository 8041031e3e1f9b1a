"""Charges cards."""

import logging
from uuid import uuid4

from boutique_currency.api import Money

from boutique_payment import api
from boutique_payment.rules import ACCEPTED, Brand, brand, digits, expired, is_cvv
from hanse import Clock, InvalidArgument, Service

log = logging.getLogger("boutique.payment")


class Payments(Service, api.Payments):
    """A bank that lends its ear and moves nothing: it checks a card and says yes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def charge(self, amount: Money, card: api.Card) -> str:
        if amount.total_nanos <= 0:
            raise InvalidArgument("Only an amount above zero can be charged.")
        brand = _accepted(card)
        if expired(card.expiration_year, card.expiration_month, self._clock.now()):
            raise api.CardExpired("This card has expired; use another one.")
        transaction = str(uuid4())
        log.info("charged", extra={"transaction_id": transaction, "brand": brand})
        return transaction


def _accepted(card: api.Card) -> Brand:
    """Whose card it is; none of the sentences says a digit of it."""
    bare = digits(card.number)
    if bare is None:
        raise api.InvalidCard("This is not the number of a card; look again.", field="number")
    found = brand(bare)
    if found is None:
        listed = " and ".join(ACCEPTED)
        raise api.CardNotAccepted(f"The shop takes {listed}; use one of those.", accepted=ACCEPTED)
    if not is_cvv(card.cvv):
        raise api.InvalidCard("The code on the back of the card has three digits.", field="cvv")
    return found
