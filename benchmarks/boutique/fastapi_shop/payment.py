"""Payments, served by FastAPI."""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

from datetime import UTC, datetime
from uuid import uuid4

from boutique_payment.api import CardExpired, CardNotAccepted, InvalidCard
from boutique_payment.rules import ACCEPTED, brand, digits, expired, is_cvv
from fastapi import Request

from benchmarks.boutique.fastapi_shop.models import Card, Charge, Charged
from benchmarks.boutique.fastapi_shop.serving import application, join_trace, serve
from hanse import InvalidArgument

app = application()


@app.post("/charges")
async def charge(asked: Charge, request: Request) -> Charged:
    join_trace(request)
    if asked.amount.total_nanos <= 0:
        raise InvalidArgument("Only an amount above zero can be charged.")
    check(asked.card)
    if expired(asked.card.expiration_year, asked.card.expiration_month, datetime.now(UTC)):
        raise CardExpired("This card has expired; use another one.")
    return Charged(transaction_id=str(uuid4()))


def check(card: Card) -> None:
    bare = digits(card.number)
    if bare is None:
        raise InvalidCard("This is not the number of a card; look again.", field="number")
    if brand(bare) is None:
        listed = " and ".join(ACCEPTED)
        raise CardNotAccepted(f"The shop takes {listed}; use one of those.", accepted=ACCEPTED)
    if not is_cvv(card.cvv):
        raise InvalidCard("The code on the back of the card has three digits.", field="cvv")


if __name__ == "__main__":
    serve(app, "payment")
