"""The currencies the shop sells in."""

from boutique_currency import api
from boutique_currency.money import NANOS_A_UNIT, UNITS_MAX, Money, money_of
from boutique_currency.rates import RATES
from boutique_currency.rules import converted
from hanse import Service

_SUPPORTED = api.CurrencyList(tuple(sorted(RATES)))
_NANOS_MAX = UNITS_MAX * NANOS_A_UNIT


class Currencies(Service, api.Currencies):
    """Converts by the rates it came with."""

    async def get_supported_currencies(self) -> api.CurrencyList:
        return _SUPPORTED

    async def convert(self, amount: Money, to_code: api.CurrencyCode) -> Money:
        from_code = amount.currency_code
        if from_code not in RATES or to_code not in RATES:
            raise _unsupported(to_code if from_code in RATES else from_code)
        nanos = converted(amount.total_nanos, from_code, to_code)
        if abs(nanos) > _NANOS_MAX:
            raise api.AmountTooLarge(f"That is more {to_code} than there are; ask for less.")
        return money_of(to_code, nanos)


def _unsupported(code: str) -> api.UnsupportedCurrency:
    listed = ", ".join(_SUPPORTED.currency_codes)
    return api.UnsupportedCurrency(
        f"There is no rate for this currency; there are rates for {listed}.", currency_code=code
    )
