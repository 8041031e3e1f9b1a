"""Orders that are remembered, and those that are forgotten."""

from boutique_cart.api import CartItem
from boutique_currency.money import Money
from boutique_email.api import Order, OrderItem
from boutique_shipping.api import Address
from boutique_storefront.orders import KeptOrder, Orders


def kept(number, shopper):
    price = Money("USD", 1)
    item = OrderItem(CartItem("mug", 1), "Mug", price)
    return KeptOrder(
        shopper, "a@b.de", Order(number, "t", price, Address("s", "c", "d"), (item,), price)
    )


def test_the_oldest_are_forgotten_and_whose_they_were_with_them():
    orders = Orders(limit=2)
    for number, shopper in (("1", "ada"), ("2", "bob"), ("3", "ada"), ("4", "eve")):
        orders.keep(kept(number, shopper))

    assert len(orders) == 2
    assert [orders.find(number, "ada") is not None for number in "123"] == [False, False, True]
    assert [orders.newest(shopper) for shopper in ("ada", "bob", "eve")] == ["3", None, "4"]


def test_an_order_is_found_by_its_shopper_only():
    orders = Orders()
    orders.keep(kept("1", "ada"))

    assert orders.find("1", "ada")
    assert not orders.find("1", "bob")
    assert not orders.find("1", "")
