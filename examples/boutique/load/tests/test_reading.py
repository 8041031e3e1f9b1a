"""What shoppers read from pages, and what they cannot read."""

import pytest
from boutique_load import reading
from boutique_load.reading import Price, Unreadable


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (b"EUR 13.97", Price("EUR", 13_970_000_000)),
        (b"JPY 2401", Price("JPY", 2401_000_000_000)),
        (b"USD 0.000000001", Price("USD", 1)),
    ],
)
def test_a_price_is_read_exactly(value, read):
    assert reading.price(value) == read


@pytest.mark.parametrize(
    "value", [b"", b"EUR", b"EUR x", b"EUR 1,5", b"EUR 1.0000000001", b"EUR .5", "EUR ¹".encode()]
)
def test_what_is_no_price_is_not_read(value):
    with pytest.raises(Unreadable):
        reading.price(value)


@pytest.mark.parametrize("read", [reading.visit, reading.product, reading.order])
def test_a_page_that_says_nothing_is_unreadable(read):
    with pytest.raises(Unreadable):
        read(b"<html><body>Welcome to nginx!</body></html>")


def test_a_basket_without_a_total_is_unreadable_and_an_empty_one_is_none():
    with pytest.raises(Unreadable):
        reading.sums(b'<div data-sum="items"><dt>1</dt><dd><data class="price" value="USD 1">')
    assert reading.sums(b"<main></main>") is None
