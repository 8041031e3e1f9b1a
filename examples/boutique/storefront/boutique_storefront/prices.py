"""Prices for people: symbol, grouped thousands, as many decimals as the currency has coins for."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from boutique_currency.money import NANOS_A_UNIT, Money
from markupsafe import Markup, escape

SYMBOLS = {
    "AUD": "A$",
    "BRL": "R$",
    "CAD": "C$",
    "CNY": "CN¥",
    "EUR": "€",
    "GBP": "£",
    "HKD": "HK$",
    "ILS": "₪",
    "INR": "₹",
    "JPY": "¥",
    "KRW": "₩",
    "MXN": "MX$",
    "NZD": "NZ$",
    "PHP": "₱",
    "SGD": "S$",
    "THB": "฿",
    "TRY": "₺",
    "USD": "$",
}
"""What stands before the number; other currencies show their code and a space."""

WITHOUT_CENTS = frozenset({"CLP", "ISK", "JPY", "KRW", "VND"})
"""Currencies of ISO 4217 whose smallest coin is the whole unit."""


def price_text(money: Money) -> str:
    """For people: `€1,234.50`, `¥1,235`, `CHF 9.00`; a rest below the smallest coin is rounded."""
    code = money.currency_code
    smallest = NANOS_A_UNIT if code in WITHOUT_CENTS else NANOS_A_UNIT // 100
    coins = abs(round(Fraction(money.total_nanos, smallest)))
    whole, cents = divmod(coins, NANOS_A_UNIT // smallest)
    sign = "\N{MINUS SIGN}" if money.total_nanos < 0 and coins else ""
    symbol = SYMBOLS.get(code) or f"{code}\N{NO-BREAK SPACE}"
    return f"{sign}{symbol}{whole:,}" + ("" if smallest == NANOS_A_UNIT else f".{cents:02}")


def price_value(money: Money) -> str:
    """For programs, exact: `EUR 1234.5`; what the load mix reads and checks."""
    sign = "-" if money.total_nanos < 0 else ""
    digits = f"{abs(money.units)}.{abs(money.nanos):09d}".rstrip("0").rstrip(".")
    return f"{money.currency_code} {sign}{digits}"


@lru_cache(maxsize=4096)
def price(money: Money) -> Markup:
    """Both at once, as the pages show it."""
    shown, value = escape(price_text(money)), escape(price_value(money))
    return Markup(f'<data class="price" value="{value}">{shown}</data>')  # noqa: S704  both escaped
