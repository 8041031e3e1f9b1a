"""Charges cards."""

import logging
from typing import Literal

from boutique_currency.api import Money

from boutique_payment import api
from boutique_payment.rules import ACCEPTED, Brand, brand, digits, expired, is_cvv
from hanse import Clock, Collection, Entity, InvalidArgument, NotFound, Service, entity

log = logging.getLogger("boutique.payment")

State = Literal["authorized", "charged", "refunded"]


@entity("payment.payments")
class Payment(Entity, frozen=True, kw_only=True):
    """What a card may be charged, and whether it was. Nothing of the card is kept but its brand."""

    amount: Money
    brand: Brand
    state: State = "authorized"


class Payments(Service, api.Payments):
    """A bank that lends its ear and moves nothing: it checks a card and writes down what it says."""

    def __init__(self, payments: Collection[Payment], clock: Clock) -> None:
        self._payments = payments
        self._clock = clock

    async def authorize(self, amount: Money, card: api.Card) -> api.PaymentId:
        if amount.total_nanos <= 0:
            raise InvalidArgument("Only an amount above zero can be charged.")
        brand = _accepted(card)
        if expired(card.expiration_year, card.expiration_month, self._clock.now()):
            raise api.CardExpired("This card has expired; use another one.")
        return (await self._payments.create(Payment(amount=amount, brand=brand))).id

    async def charge(self, payment_id: api.PaymentId) -> Money:
        payment = await self._payment(payment_id)
        if payment.state == "refunded":
            raise api.PaymentRefunded("This was given back already, and is not charged again.")
        await self._become("charged", payment)
        return payment.amount

    async def refund(self, payment_id: api.PaymentId) -> None:
        await self._become("refunded", await self._payment(payment_id))

    async def _payment(self, payment_id: str) -> Payment:
        try:
            return await self._payments.get(payment_id)
        except (NotFound, InvalidArgument) as error:
            raise api.NoSuchPayment("No card was shown for this.") from error

    async def _become(self, state: State, payment: Payment) -> None:
        """What is so already stays so; where somebody comes between, it is asked again."""
        if payment.state == state:
            return
        await self._payments.update(payment.id, {"state": state}, revision=payment.revision)
        log.info(state, extra={"payment_id": payment.id, "brand": payment.brand})


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
