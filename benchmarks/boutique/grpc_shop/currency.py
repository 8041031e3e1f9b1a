"""Currencies, served by grpc.aio."""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false
# ruff: noqa: N802  names of RPCs stand in the .proto

from boutique_currency.api import AmountTooLarge, UnsupportedCurrency
from boutique_currency.money import NANOS_A_UNIT, UNITS_MAX
from boutique_currency.rates import RATES
from boutique_currency.rules import converted

from benchmarks.boutique.grpc_shop import checks
from benchmarks.boutique.grpc_shop.wire import (
    messages,
    money_of,
    rpc,
    serve,
    services,
    total_nanos,
)

NANOS_MAX = UNITS_MAX * NANOS_A_UNIT
SUPPORTED = messages.CurrencyList(currency_codes=sorted(RATES))


class Currencies(services.CurrencyServiceServicer):
    @rpc(checks.nothing)
    async def GetSupportedCurrencies(self, _request):
        return SUPPORTED

    @rpc(checks.conversion)
    async def Convert(self, request):
        from_code, to_code = request.amount.currency_code, request.to_code
        if from_code not in RATES or to_code not in RATES:
            unknown = to_code if from_code in RATES else from_code
            raise UnsupportedCurrency("There is no rate for this currency.", currency_code=unknown)
        nanos = converted(total_nanos(request.amount), from_code, to_code)
        if abs(nanos) > NANOS_MAX:
            raise AmountTooLarge(f"That is more {to_code} than there are; ask for less.")
        return money_of(to_code, nanos)


if __name__ == "__main__":
    serve("Currency", "currency", Currencies)
