"""How amounts are converted, rounded and written."""

from boutique_currency.money import NANOS_A_UNIT, Money
from boutique_currency.rates import RATES, WITHOUT_CENTS

COINS = {code: NANOS_A_UNIT // (1 if code in WITHOUT_CENTS else 100) for code in RATES}
"""The smallest coin of each currency, in billionths."""


def converted(total_nanos: int, from_code: str, to_code: str) -> int:
    """An amount in another currency, both in billionths, by way of the euro.

    It is worked out exactly and rounded once, to the smallest coin of the new currency; what lies
    right between two coins goes to the even one. So a price is one that can be paid, and what is
    added up from prices is too.

    Raises:
        KeyError: There is no rate for one of them.
    """
    smallest = COINS[to_code]
    return smallest * _rounded(total_nanos * RATES[to_code], RATES[from_code] * smallest)


def _rounded(over: int, under: int) -> int:
    """The nearest whole number to a fraction, the even one of two."""
    whole, rest = divmod(over, under)
    if 2 * rest > under or (2 * rest == under and whole % 2):
        whole += 1
    return whole


def written(amount: Money) -> str:
    """An amount for people, like `EUR 12.50` or `JPY -900`, rounded to the smallest coin.

    Raises:
        KeyError: It is of a currency the shop has no rate for.
    """
    code = amount.currency_code
    smallest = COINS[code]
    coins = _rounded(amount.total_nanos, smallest)
    sign = "-" if coins < 0 else ""
    if smallest == NANOS_A_UNIT:
        return f"{code} {coins}"
    units, cents = divmod(abs(coins), 100)
    return f"{code} {sign}{units}.{cents:02}"
