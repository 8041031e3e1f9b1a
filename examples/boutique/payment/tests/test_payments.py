"""What payments promise, and that no digit of a card is ever shown."""

import logging
from datetime import UTC, datetime

import pytest
from boutique_currency.api import Money
from boutique_payment.api import (
    Card,
    CardExpired,
    CardNotAccepted,
    InvalidCard,
    NoSuchPayment,
    PaymentRefunded,
    Payments,
)
from boutique_payment.rules import brand, digits, expired
from boutique_payment.service import Payments as Service
from hypothesis import given
from hypothesis import strategies as st
from rich.pretty import pretty_repr

from hanse import InvalidArgument
from hanse.testing import ManualClock, World

TEN = Money("USD", 10)
VISA = "4111111111111111"


def card(number=VISA, cvv="123", year=2030, month=1):
    return Card(number, cvv, year, month)


@pytest.fixture
async def payments(apart):
    async with World(Service, apart=apart) as world:
        yield world.get(Payments)


@pytest.mark.parametrize(
    "number",
    [
        VISA, "4111 1111 1111 1111", "4111-1111-1111-1111", "4222222222222", "4432801561520454",
        "5555555555554444", "5105105105105100", "2223003122003222", "2720992593319364",
    ],
)  # fmt: skip
async def test_charges_visa_and_mastercard(payments, number):
    assert await payments.charge(await payments.authorize(TEN, card(number))) == TEN


async def test_every_payment_has_a_number_of_its_own(payments):
    assert len({await payments.authorize(TEN, card()) for _ in range(20)}) == 20


@pytest.mark.parametrize(
    "number",
    [
        "4111111111111112",
        "1",
        "0" * 11,
        "41111111111111111111",
        "4111 1111 1111 111x",
        "٤١١١١١١١١١١١١١١١",
        "4²11111111111111",
        "----",
        "4111\n111111111111",
    ],
)
async def test_a_number_no_card_has_is_refused(payments, number):
    with pytest.raises(InvalidCard) as caught:
        await payments.authorize(TEN, card(number))
    assert caught.value.field == "number"


@pytest.mark.parametrize(
    "number", ["378282246310005", "6011111111111117", "3530111333300000", "000000000000"]
)
async def test_cards_of_others_are_not_taken(payments, number):
    with pytest.raises(CardNotAccepted) as caught:
        await payments.authorize(TEN, card(number))
    assert caught.value.accepted == ("Visa", "Mastercard")


@pytest.mark.parametrize("cvv", ["12", "1234", "12x", "٣٣٣", "-12"])
async def test_the_code_on_the_back_has_three_digits(payments, cvv):
    with pytest.raises(InvalidCard) as caught:
        await payments.authorize(TEN, card(cvv=cvv))
    assert caught.value.field == "cvv"


def states(world):
    return world.database.fetch(
        "select doc->>'state' from payment.payments order by create_time, id"
    )


async def test_one_payment_is_charged_and_given_back_once(apart):
    async with World(Service, apart=apart) as world:
        payments = world.get(Payments)
        payment = await payments.authorize(TEN, card())
        assert [row[0] for row in await states(world)] == ["authorized"]
        for _ in range(2):
            assert await payments.charge(payment) == TEN
            assert [row[0] for row in await states(world)] == ["charged"]
        for _ in range(2):
            await payments.refund(payment)
            assert [row[0] for row in await states(world)] == ["refunded"]
        with pytest.raises(PaymentRefunded):
            await payments.charge(payment)


async def test_what_is_let_go_before_it_is_charged_is_never_charged(payments):
    payment = await payments.authorize(TEN, card())
    await payments.refund(payment)
    with pytest.raises(PaymentRefunded):
        await payments.charge(payment)


@pytest.mark.parametrize("number", ["nothing", "payment_01kdwcj2m0e8f91a4g3ndzgppe"])
async def test_without_a_card_there_is_no_payment(payments, number):
    with pytest.raises(NoSuchPayment):
        await payments.charge(number)
    with pytest.raises(NoSuchPayment):
        await payments.refund(number)


async def test_a_card_is_good_to_the_end_of_its_month(apart):
    clock = ManualClock(datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC))
    async with World(Service, clock=clock, apart=apart) as world:
        payments = world.get(Payments)
        assert await payments.authorize(TEN, card(year=2026, month=1))
        with pytest.raises(CardExpired):
            await payments.authorize(TEN, card(year=2025, month=12))
        clock.advance(1)
        with pytest.raises(CardExpired):
            await payments.authorize(TEN, card(year=2026, month=1))
        assert await payments.authorize(TEN, card(year=2026, month=2))


@pytest.mark.parametrize("amount", [Money("USD", 0), Money("USD", -1), Money("USD", 0, -1)])
async def test_nothing_and_less_cannot_be_charged(payments, amount):
    with pytest.raises(InvalidArgument, match="above zero"):
        await payments.authorize(amount, card())


@pytest.mark.parametrize(
    ("year", "month", "field"),
    [
        (1999, 1, "card.expiration_year"),
        (2030, 0, "card.expiration_month"),
        (2030, 13, "card.expiration_month"),
    ],
)
async def test_what_is_no_month_is_told_by_field(payments, year, month, field):
    with pytest.raises(InvalidArgument) as caught:
        await payments.authorize(TEN, card(year=year, month=month))
    assert [one.field for one in caught.value.violations] == [field]


REFUSED = (
    card("4111111111111112"), card("378282246310005"), card(cvv="9876"), card(year=2020), card("9" * 33), card(month=13),
)  # fmt: skip


async def test_no_digit_of_a_card_is_shown(apart, caplog):
    caplog.set_level(logging.DEBUG)
    said = []
    async with World(Service, apart=apart) as world:
        payments = world.get(Payments)
        await payments.authorize(TEN, card())
        for one in REFUSED:
            with pytest.raises((InvalidArgument, CardNotAccepted, CardExpired)) as caught:
                await payments.authorize(TEN, one)
            said.append(
                f"{caught.value!r} {caught.value} {caught.value.fields()!r} {caught.value.__dict__!r}"
            )
        said += [repr(span) for span in world.spans()]
        said += [
            row[0] for row in await world.database.fetch("select t::text from payment.payments t")
        ]
    said += [repr(vars(record)) for record in caplog.records]
    said += [repr(card()), str(card()), f"{card()}", repr((card(),)), pretty_repr(card())]
    assert len(said) > 10
    for one in (card(), *REFUSED):
        assert not [text for text in said if one.number in text or f"{one.cvv!r}" in text]


@given(st.integers(10**14, 10**15 - 1))
def test_of_ten_numbers_that_differ_in_the_last_digit_one_is_a_card(front):
    assert sum(digits(f"{front}{last}") is not None for last in range(10)) == 1


@given(st.integers(0, 10**16 - 1), st.integers(0, 15), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(number, place, by):
    text = f"{number:016}"
    wrong = f"{text[:place]}{(int(text[place]) + by) % 10}{text[place + 1 :]}"
    assert not (digits(text) and digits(wrong))


@pytest.mark.parametrize(
    ("bare", "whose"),
    [
        ("4" + "0" * 15, "Visa"), ("4" + "0" * 12, "Visa"), ("4" + "0" * 18, "Visa"), ("4" + "0" * 13, None),
        ("50" + "0" * 14, None), ("51" + "0" * 14, "Mastercard"), ("55" + "0" * 14, "Mastercard"), ("56" + "0" * 14, None),
        ("2220" + "9" * 12, None), ("2221" + "0" * 12, "Mastercard"), ("2720" + "9" * 12, "Mastercard"), ("2721" + "0" * 12, None),
        ("51" + "0" * 13, None),
    ],
)  # fmt: skip
def test_brands_by_their_first_digits(bare, whose):
    assert brand(bare) == whose


@pytest.mark.parametrize(
    ("year", "month", "over"),
    [(2026, 5, True), (2026, 6, False), (2025, 12, True), (2027, 1, False)],
)
def test_expiry_counts_years_before_months(year, month, over):
    assert expired(year, month, datetime(2026, 6, 15, tzinfo=UTC)) == over
