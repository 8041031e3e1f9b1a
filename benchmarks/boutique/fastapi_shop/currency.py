"""Currencies, served by FastAPI."""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

from typing import Annotated

from boutique_currency.api import AmountTooLarge, UnsupportedCurrency
from boutique_currency.money import NANOS_A_UNIT, UNITS_MAX
from boutique_currency.rates import RATES
from boutique_currency.rules import converted
from fastapi import Query, Request

from benchmarks.boutique.fastapi_shop.models import Conversion, CurrencyList, Money, money_of
from benchmarks.boutique.fastapi_shop.serving import application, join_trace, serve

NANOS_MAX = UNITS_MAX * NANOS_A_UNIT
SUPPORTED = CurrencyList(currency_codes=sorted(RATES))

app = application()


@app.get("/currencies")
async def get_supported_currencies(request: Request) -> CurrencyList:
    join_trace(request)
    return SUPPORTED


@app.get("/conversion")
async def convert(asked: Annotated[Conversion, Query()], request: Request) -> Money:
    join_trace(request)
    from_code, to_code = asked.currency_code, asked.to_code
    if from_code not in RATES or to_code not in RATES:
        unknown = to_code if from_code in RATES else from_code
        raise UnsupportedCurrency("There is no rate for this currency.", currency_code=unknown)
    nanos = converted(asked.total_nanos, from_code, to_code)
    if abs(nanos) > NANOS_MAX:
        raise AmountTooLarge(f"That is more {to_code} than there are; ask for less.")
    return money_of(to_code, nanos)


if __name__ == "__main__":
    serve(app, "currency")
