"""Payments, served by FastAPI."""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

from datetime import UTC, datetime

from boutique_payment.api import CardExpired, CardNotAccepted, InvalidCard
from boutique_payment.rules import ACCEPTED, brand, digits, expired, is_cvv
from fastapi import Request

from benchmarks.boutique.fastapi_shop.models import Authorization, Card, Money, PaymentKey
from benchmarks.boutique.fastapi_shop.serving import application, join_trace, serve
from benchmarks.boutique.peer_data import shop
from hanse import InvalidArgument

app = application()


@app.post("/authorizations")
async def authorize(asked: Authorization, request: Request) -> PaymentKey:
    join_trace(request)
    if asked.amount.total_nanos <= 0:
        raise InvalidArgument("Only an amount above zero can be charged.")
    whose = check(asked.card)
    if expired(asked.card.expiration_year, asked.card.expiration_month, datetime.now(UTC)):
        raise CardExpired("This card has expired; use another one.")
    return PaymentKey(payment_id=await shop.authorize(asked.amount.model_dump(), whose))


@app.post("/charges")
async def charge(asked: PaymentKey, request: Request) -> Money:
    join_trace(request)
    return Money.model_validate(await shop.charge(asked.payment_id))


@app.post("/refunds", status_code=204)
async def refund(asked: PaymentKey, request: Request) -> None:
    join_trace(request)
    await shop.refund(asked.payment_id)


def check(card: Card) -> str:
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
    serve(app, "payment")
