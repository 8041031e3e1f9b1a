"""What the service for currencies promises."""

import pytest
from boutique_currency.api import AmountTooLarge, Currencies, Money, UnsupportedCurrency
from boutique_currency.money import UNITS_MAX
from boutique_currency.service import Currencies as Service

from hanse import InvalidArgument
from hanse.testing import World


@pytest.fixture
async def world(apart):
    async with World(Service, apart=apart) as world:
        yield world


async def test_all_currencies_are_listed_outside_too(world):
    listed = await world.get(Currencies).get_supported_currencies()
    assert listed.currency_codes == tuple(sorted(listed.currency_codes))
    assert {"USD", "EUR", "CAD", "JPY", "GBP", "TRY"} <= set(listed.currency_codes)
    assert len(listed.currency_codes) == 31
    answer = await world.http().get("/currencies/v1/currencies")
    assert answer.json == {"currency_codes": list(listed.currency_codes)}


@pytest.mark.parametrize(
    ("amount", "to", "expected"),
    [
        (Money("EUR", 100), "USD", Money("USD", 107, 50_000_000)),
        (Money("USD", 107, 50_000_000), "EUR", Money("EUR", 100)),
        (Money("USD", 19, 990_000_000), "JPY", Money("JPY", 3211)),  # 19.99 / 1.0705 * 171.94
        (Money("USD", 64), "GBP", Money("GBP", 50, 600_000_000)),  # 50.6005…
        (Money("USD", 12, 340_000_000), "USD", Money("USD", 12, 340_000_000)),
        (Money("USD", 0, -10_000_000), "EUR", Money("EUR", 0, -10_000_000)),
        (Money("USD", 0), "TRY", Money("TRY", 0)),
    ],
)
async def test_converts_by_the_rates_of_the_bank(world, amount, to, expected):
    assert await world.get(Currencies).convert(amount, to) == expected


async def test_every_currency_listed_can_be_converted_to_and_from(world):
    currencies = world.get(Currencies)
    for code in (await currencies.get_supported_currencies()).currency_codes:
        there = await currencies.convert(Money("USD", 1000), code)
        back = await currencies.convert(there, "USD")
        assert abs(back.total_nanos - 1000 * 10**9) < 10**9  # a yen is worth less than a dollar


@pytest.mark.parametrize(
    ("source", "to", "unknown"),
    [("USD", "XTS", "XTS"), ("XTS", "USD", "XTS"), ("ABC", "XYZ", "ABC"), ("usd", "EUR", "usd")],
)
async def test_a_currency_without_a_rate_is_named(world, source, to, unknown):
    with pytest.raises(UnsupportedCurrency, match="there are rates for AUD, BGN") as caught:
        await world.get(Currencies).convert(Money(source, 1), to)
    assert caught.value.currency_code == unknown


async def test_an_amount_that_cannot_be_counted_is_refused(world):
    currencies = world.get(Currencies)
    for units in (UNITS_MAX, -UNITS_MAX):
        with pytest.raises(AmountTooLarge):
            await currencies.convert(Money("EUR", units), "IDR")
    assert await currencies.convert(Money("IDR", UNITS_MAX), "EUR")


async def test_what_is_no_amount_is_told_with_field_and_rule(world):
    with pytest.raises(InvalidArgument) as caught:
        await world.get(Currencies).convert(Money("USD", 0, 10**9), "EUR")
    assert [(one.field, one.rule) for one in caught.value.violations] == [
        ("amount.nanos", "<= 999999999")
    ]
