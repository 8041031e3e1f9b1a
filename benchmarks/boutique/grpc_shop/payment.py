"""Payments, served by grpc.aio."""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false
# ruff: noqa: N802  names of RPCs stand in the .proto

from datetime import UTC, datetime

from boutique_payment.api import CardExpired, CardNotAccepted, InvalidCard
from boutique_payment.rules import ACCEPTED, brand, digits, expired, is_cvv

from benchmarks.boutique.grpc_shop import checks
from benchmarks.boutique.grpc_shop.wire import (
    messages,
    money_of,
    rpc,
    serve,
    services,
    total_nanos,
)
from benchmarks.boutique.peer_data import shop
from hanse import InvalidArgument


class Payments(services.PaymentServiceServicer):
    @rpc(checks.authorization)
    async def Authorize(self, request):
        card, amount = request.card, request.amount
        if total_nanos(amount) <= 0:
            raise InvalidArgument("Only an amount above zero can be charged.")
        whose = check(card)
        if expired(card.expiration_year, card.expiration_month, datetime.now(UTC)):
            raise CardExpired("This card has expired; use another one.")
        kept = {"currency_code": amount.currency_code, "total_nanos": total_nanos(amount)}
        return messages.PaymentKey(payment_id=await shop.authorize(kept, whose))

    @rpc(checks.payment_key)
    async def Charge(self, request):
        amount = await shop.charge(request.payment_id)
        return money_of(amount["currency_code"], amount["total_nanos"])

    @rpc(checks.payment_key)
    async def Refund(self, request):
        await shop.refund(request.payment_id)
        return messages.Empty()


def check(card) -> str:
    bare = digits(card.number)
    if bare is None:
        raise InvalidCard("This is not the number of a card; look again.", field="number")
    whose = brand(bare)
    if whose is None:
        listed = " and ".join(ACCEPTED)
        raise CardNotAccepted(f"The shop takes {listed}; use one of those.", accepted=ACCEPTED)
    if not is_cvv(card.cvv):
        raise InvalidCard("The code on the back of the card has three digits.", field="cvv")
    return whose


if __name__ == "__main__":
    serve("Payment", "payment", Payments)
