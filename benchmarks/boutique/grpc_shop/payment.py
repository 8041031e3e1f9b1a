"""Payments, served by grpc.aio."""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false
# ruff: noqa: N802  names of RPCs stand in the .proto

from datetime import UTC, datetime
from uuid import uuid4

from boutique_payment.api import CardExpired, CardNotAccepted, InvalidCard
from boutique_payment.rules import ACCEPTED, brand, digits, expired, is_cvv

from benchmarks.boutique.grpc_shop import checks
from benchmarks.boutique.grpc_shop.wire import messages, rpc, serve, services, total_nanos
from hanse import InvalidArgument


class Payments(services.PaymentServiceServicer):
    @rpc(checks.charge)
    async def Charge(self, request):
        card = request.card
        if total_nanos(request.amount) <= 0:
            raise InvalidArgument("Only an amount above zero can be charged.")
        check(card)
        if expired(card.expiration_year, card.expiration_month, datetime.now(UTC)):
            raise CardExpired("This card has expired; use another one.")
        return messages.ChargeResponse(transaction_id=str(uuid4()))


def check(card) -> None:
    bare = digits(card.number)
    if bare is None:
        raise InvalidCard("This is not the number of a card; look again.", field="number")
    if brand(bare) is None:
        listed = " and ".join(ACCEPTED)
        raise CardNotAccepted(f"The shop takes {listed}; use one of those.", accepted=ACCEPTED)
    if not is_cvv(card.cvv):
        raise InvalidCard("The code on the back of the card has three digits.", field="cvv")


if __name__ == "__main__":
    serve("Payment", "payment", Payments)
