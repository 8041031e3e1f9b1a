"""Prices for people and for programs."""

import pytest
from boutique_currency.money import Money
from boutique_storefront.prices import price, price_text, price_value


@pytest.mark.parametrize(
    ("money", "text", "value"),
    [
        (Money("USD", 14, 950_000_000), "$14.95", "USD 14.95"),
        (Money("USD", 0), "$0.00", "USD 0"),
        (Money("EUR", 1_234_567, 500_000_000), "€1,234,567.50", "EUR 1234567.5"),
        (Money("JPY", 2401), "¥2,401", "JPY 2401"),
        (Money("KRW", 2401), "₩2,401", "KRW 2401"),
        (Money("CHF", 9), "CHF\N{NO-BREAK SPACE}9.00", "CHF 9"),
        (Money("USD", -1, -750_000_000), "\N{MINUS SIGN}$1.75", "USD -1.75"),
        (Money("USD", 0, 5_000_000), "$0.00", "USD 0.005"),
        (Money("USD", 0, 15_000_000), "$0.02", "USD 0.015"),
        (Money("USD", 0, 999_999_999), "$1.00", "USD 0.999999999"),
        (Money("USD", 0, -1), "$0.00", "USD -0.000000001"),
    ],
)
def test_a_price_is_written_as_its_currency_is(money, text, value):
    assert price_text(money) == text
    assert price_value(money) == value


def test_both_stand_in_one_element():
    assert price(Money("EUR", 3)) == '<data class="price" value="EUR 3">€3.00</data>'


def test_no_currency_breaks_out_of_its_element():
    shown = price(Money('"<b', 3))
    assert (
        shown == '<data class="price" value="&#34;&lt;b 3">&#34;&lt;b\N{NO-BREAK SPACE}3.00</data>'
    )
