"""What a page costs: every shopper pays for it in waiting, and the shop in processors."""

from time import process_time

from boutique_catalog.products import read_products
from boutique_currency.rates import RATES
from boutique_storefront.pages import Pages
from boutique_storefront.views import Item, Sign, Visit

HOME_SECONDS_MAX = 250e-6
ROUNDS, PAGES = 5, 200


def test_the_front_is_made_in_a_quarter_of_a_millisecond():
    pages, codes = Pages(), tuple(sorted(RATES))
    goods = [
        Item(one.id, one.name, one.description, one.picture, one.price_usd)
        for one in read_products()
    ]
    visits = [Visit("USD", codes, "/", count) for count in range(20)]
    ad = Sign("A word.", "/products/tea-caddy")

    def seconds():
        began = process_time()
        for number in range(PAGES):
            pages.home(visits[number % len(visits)], goods, ad)
        return (process_time() - began) / PAGES

    assert min(seconds() for _ in range(ROUNDS)) < HOME_SECONDS_MAX
