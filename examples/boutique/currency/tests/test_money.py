"""Money adds up, keeps its sign, and is rounded once, to the nearest coin."""

from fractions import Fraction

import msgspec
import pytest
from boutique_currency.money import NANOS_A_UNIT, UNITS_MAX, Money, money_of
from boutique_currency.rates import RATES
from boutique_currency.rules import COINS, converted, written
from hypothesis import given
from hypothesis import strategies as st

nanos = st.integers(-(10**18), 10**18)
codes = st.sampled_from(sorted(RATES))
WIRE = msgspec.json.Decoder(Money).decode


@given(nanos)
def test_units_and_nanos_are_of_one_sign_and_say_the_whole_amount(amount):
    money = money_of("EUR", amount)
    assert money.total_nanos == amount
    assert abs(money.nanos) < NANOS_A_UNIT
    assert money.units * money.nanos >= 0


@given(nanos, nanos)
def test_adding_carries_and_borrows(one, other):
    assert (money_of("EUR", one) + money_of("EUR", other)).total_nanos == one + other


@given(nanos, st.integers(-1000, 1000))
def test_multiplying_is_adding_so_often(one, times):
    assert (money_of("EUR", one) * times).total_nanos == one * times


@pytest.mark.parametrize(
    ("one", "other", "total"),
    [
        (Money("USD", 1, 600_000_000), Money("USD", 1, 600_000_000), Money("USD", 3, 200_000_000)),
        (Money("USD", 1), Money("USD", -1, -750_000_000), Money("USD", 0, -750_000_000)),
        (Money("USD", 0, 999_999_999), Money("USD", 0, 1), Money("USD", 1)),
        (Money("USD", -2), Money("USD", 0, 500_000_000), Money("USD", -1, -500_000_000)),
    ],
)
def test_sums_worked_out_by_hand(one, other, total):
    assert one + other == total


def test_two_currencies_are_no_sum():
    with pytest.raises(ValueError, match="EUR cannot be added to USD"):
        Money("USD", 1) + Money("EUR", 1)


@pytest.mark.parametrize(("units", "nanos"), [(1, -1), (-1, 1)])
def test_money_of_two_signs_is_refused_wherever_it_comes_from(units, nanos):
    with pytest.raises(ValueError, match="one sign"):
        Money("USD", units, nanos)
    with pytest.raises(msgspec.ValidationError, match="one sign"):
        WIRE(b'{"currency_code":"USD","units":%d,"nanos":%d}' % (units, nanos))


@pytest.mark.parametrize(
    "text",
    [
        b'{"currency_code":"USD","units":0,"nanos":1000000000}',
        b'{"currency_code":"USD","units":0,"nanos":-1000000000}',
        b'{"currency_code":"USD","units":1000000000000001}',
        b'{"currency_code":"US","units":1}',
        b'{"currency_code":"USD","units":1.5}',
    ],
)
def test_money_beyond_its_bounds_is_refused(text):
    with pytest.raises(msgspec.ValidationError):
        WIRE(text)


@given(nanos, codes, codes)
def test_conversion_gives_whole_coins_and_is_off_by_half_a_coin_at_most(amount, source, target):
    got = converted(amount, source, target)
    assert got % COINS[target] == 0
    exact = Fraction(amount * RATES[target], RATES[source])
    assert abs(got - exact) <= Fraction(COINS[target], 2)


@given(nanos, codes, codes)
def test_conversion_of_what_is_owed_mirrors_that_of_what_is_had(amount, source, target):
    assert converted(-amount, source, target) == -converted(amount, source, target)


@given(nanos, nanos, codes, codes)
def test_more_never_converts_to_less(one, other, source, target):
    small, large = sorted((one, other))
    assert converted(small, source, target) <= converted(large, source, target)


@given(nanos, codes, codes)
def test_what_was_rounded_stays(amount, source, target):
    once = converted(amount, source, target)
    assert converted(once, target, target) == once


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [
        (5_000_000, 0),
        (15_000_000, 20_000_000),
        (25_000_000, 20_000_000),
        (25_000_001, 30_000_000),
        (-15_000_000, -20_000_000),
        (-25_000_000, -20_000_000),
    ],
)
def test_what_lies_between_two_coins_goes_to_the_even_one(amount, rounded):
    assert converted(amount, "EUR", "EUR") == rounded


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money("EUR", 12, 500_000_000), "EUR 12.50"),
        (Money("EUR", 0, 5_000_000), "EUR 0.00"),
        (Money("EUR", 0, -70_000_000), "EUR -0.07"),
        (Money("EUR", -3, -999_000_000), "EUR -4.00"),
        (Money("JPY", 1500), "JPY 1500"),
        (Money("KRW", -2), "KRW -2"),
    ],
)
def test_amounts_are_written_with_the_cents_their_currency_has(money, text):
    assert written(money) == text


@given(nanos, codes)
def test_a_written_amount_has_no_minus_zero(amount, code):
    assert written(money_of(code, amount)) not in (f"{code} -0.00", f"{code} -0")


def test_the_largest_amount_is_countable():
    assert Money("EUR", UNITS_MAX - 1) + Money("EUR", 1) == Money("EUR", UNITS_MAX)
