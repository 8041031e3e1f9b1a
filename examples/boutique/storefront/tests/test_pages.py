"""The shop's pages over HTTP: what they show, what they refuse, and what they do without."""

import asyncio
import re

import pytest
from boutique_ad.api import Ad, Ads
from boutique_cart.api import QUANTITY_MAX
from boutique_catalog.api import Catalog, NoSuchProduct, Product, ProductList
from boutique_catalog.products import read_products
from boutique_checkout.api import AlreadyBuying, Checkout, OrderUndone
from boutique_currency.api import Currencies, Money
from boutique_payment.api import Payments
from boutique_recommendation.api import Recommendations
from boutique_storefront.order_form import DEMO
from boutique_storefront.pages import Pages
from boutique_storefront.views import Visit

from examples.boutique.storefront.tests.shop_world import (
    TEN,
    HeldParcel,
    Visitor,
    lines,
    said,
    sums,
)
from hanse import Database, Unavailable
from hanse.testing import World, fake

PRODUCTS = read_products()
HOSTILE = "<script>alert('x')</script>\" onload=\"x"


def down(**_):
    raise Unavailable(detail="Not now.")


async def test_the_front_shows_every_product_with_its_price(shop):
    front = await shop.visitor().get("/")

    shown = re.findall(r'<li class="card" data-product="([^"]+)">', front.text)
    assert front.status == 200
    assert shown == [product.id for product in PRODUCTS]
    assert "$64.00" in front.text
    assert 'class="count"' not in front.text


async def test_what_is_put_in_is_in_the_basket_and_adds_up(shop):
    visitor = shop.visitor()
    await visitor.put_in("enamel-mug", 3)
    basket = await visitor.follow(await visitor.put_in("oak-salt-cellar", 2))

    assert lines(basket.text) == {"enamel-mug": 3, "oak-salt-cellar": 2}
    assert sums(basket.text) == {
        "items": "USD 93.85",
        "shipping": "USD 7.99",
        "total": "USD 101.84",
    }
    assert 'data-basket="5"' in basket.text


@pytest.mark.parametrize(
    ("product", "quantity", "left"),
    [
        ("enamel-mug", 5, {"enamel-mug": 5, "oak-salt-cellar": 2}),
        ("enamel-mug", 1, {"enamel-mug": 1, "oak-salt-cellar": 2}),
        ("enamel-mug", 3, {"enamel-mug": 3, "oak-salt-cellar": 2}),
        ("enamel-mug", 0, {"oak-salt-cellar": 2}),
        ("tea-caddy", 1, {"enamel-mug": 3, "oak-salt-cellar": 2, "tea-caddy": 1}),
    ],
)
async def test_quantities_change_and_the_order_of_things_stays(shop, product, quantity, left):
    visitor = shop.visitor()
    await visitor.put_in("enamel-mug", 3)
    await visitor.put_in("oak-salt-cellar", 2)

    changed = await visitor.post(
        "/basket/quantity", {"product_id": product, "quantity": str(quantity)}
    )

    assert list(lines((await visitor.follow(changed)).text).items()) == list(left.items())


async def test_an_emptied_basket_is_empty_and_cannot_be_ordered(shop):
    visitor = shop.visitor()
    await visitor.put_in("enamel-mug", 3)

    basket = await visitor.follow(await visitor.post("/basket/empty"))
    form = await visitor.get("/basket/checkout")
    order = await visitor.order()

    assert "Your basket is empty" in basket.text
    assert (form.headers["location"], order.headers["location"]) == ("/basket", "/basket")


async def test_baskets_of_two_visitors_are_two(shop):
    one, other = shop.visitor(), shop.visitor()
    await one.put_in("enamel-mug", 3)
    await other.put_in("tea-caddy", 1)

    assert lines((await one.get("/basket")).text) == {"enamel-mug": 3}
    assert lines((await other.get("/basket")).text) == {"tea-caddy": 1}


async def test_a_basket_is_named_by_chance_in_a_cookie_scripts_do_not_see(shop):
    one, other = shop.visitor(), shop.visitor()
    cookie = (await one.put_in("enamel-mug")).headers["set-cookie"]
    await other.put_in("enamel-mug")

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", one.cookies["shopper"])
    assert one.cookies["shopper"] != other.cookies["shopper"]


@pytest.mark.parametrize("name", ["x", "x" * 23, "visitor", "../../etc", "%00", "a b"])
async def test_a_basket_with_a_name_of_somebodys_own_making_is_none(shop, name):
    visitor = shop.visitor()
    visitor.cookies["shopper"] = name

    assert (await visitor.get("/basket")).status == 200
    cookie = (await visitor.put_in("enamel-mug")).headers["set-cookie"]
    assert f"shopper={name};" not in cookie


async def test_a_currency_is_chosen_and_stays_on_the_page(shop):
    visitor = shop.visitor()
    chosen = await visitor.post("/currency", {"currency": "JPY", "back": "/products/enamel-mug"})
    page = await visitor.follow(chosen)

    assert chosen.headers["location"] == "/products/enamel-mug"
    assert "¥2,401" in page.text
    assert '<option value="JPY" selected>' in page.text
    assert '<input type="hidden" name="back" value="/products/enamel-mug">' in page.text


@pytest.mark.parametrize(
    "back",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "",
        "/a b",
        "/\u200b",
        "javascript:x",
    ],
)
async def test_a_currency_leads_nowhere_else(shop, back):
    chosen = await shop.visitor().post("/currency", {"currency": "EUR", "back": back})
    assert chosen.headers["location"] == "/"


@pytest.mark.parametrize("currency", ["XXX", "eur", "<b>"])
async def test_a_currency_the_shop_does_not_have_changes_nothing(shop, currency):
    visitor = shop.visitor()
    chosen = await visitor.post("/currency", {"currency": currency, "back": "/"})
    visitor.cookies["currency"] = currency

    assert "set-cookie" not in chosen.headers
    assert 'data-currency="USD"' in (await visitor.get("/")).text


@pytest.mark.parametrize(
    "path", ["/basket", "/basket/quantity", "/basket/empty", "/orders", "/currency"]
)
async def test_forms_of_another_site_are_refused(shop, path):
    visitor = shop.visitor()
    await visitor.put_in("enamel-mug", 2)
    fields = {**DEMO, "product_id": "enamel-mug", "quantity": "1", "currency": "EUR"}

    refused = await visitor.post(
        path, fields, sec_fetch_site="cross-site", origin="https://evil.example"
    )

    assert refused.status == 403
    assert lines((await visitor.get("/basket")).text) == {"enamel-mug": 2}


async def test_an_order_is_confirmed_and_the_basket_empty(shop):
    visitor = shop.visitor()
    await visitor.put_in("wool-blanket", 2)
    placed = await visitor.order(email="ada@example.com", card_number="4432 8015 6152 0454")
    page = await visitor.follow(placed)

    number, tracking = re.search(
        r'data-order="([^"]+)" data-tracking="([^"]+)"', page.text
    ).groups()
    assert placed.headers["location"] == f"/orders/{number}"
    assert tracking in said(page.text)
    assert "ada@example.com" in page.text
    assert lines(page.text) == {"wool-blanket": 2}
    assert sums(page.text) == {"items": "USD 224.8", "shipping": "USD 5.74", "total": "USD 230.54"}
    assert lines((await visitor.get("/basket")).text) == {}


async def test_who_clicks_twice_is_led_to_the_one_order(shop):
    visitor = shop.visitor()
    await visitor.put_in("wool-blanket")
    first = await visitor.order()
    second = await visitor.order()

    assert second.headers["location"] == first.headers["location"]


async def test_who_buys_again_in_another_window_is_asked_to_wait_and_finds_the_rest(open_shop):
    parcel = HeldParcel()
    async with (
        open_shop(parcel.shipping) as shop,
        asyncio.timeout(10),
        asyncio.TaskGroup() as group,
    ):
        one, other = shop.visitor(), shop.visitor()
        await one.put_in("enamel-mug", 2)
        other.cookies |= one.cookies
        first = group.create_task(one.order())
        await parcel.came.wait()
        await other.put_in("tea-caddy")
        refused = await other.order()
        parcel.may_go.set()
        order, basket = await one.follow(await first), await other.get("/basket")
        after = await other.follow(await other.order())

    assert (refused.status, "under way" in said(refused.text)) == (409, True)
    assert [lines(one.text) for one in (order, basket, after)] == [
        {"enamel-mug": 2},
        {"tea-caddy": 1},
        {"tea-caddy": 1},
    ]


async def test_an_order_is_shown_only_to_whom_placed_it(shop):
    buyer, other = shop.visitor(), shop.visitor()
    await buyer.put_in("wool-blanket")
    await other.put_in("wool-blanket")
    address = (await buyer.order()).headers["location"]

    assert (await buyer.get(address)).status == 200
    assert (await other.get(address)).status == 404
    assert (await shop.visitor().get(address)).status == 404
    assert (await buyer.get("/orders/unknown")).status == 404


async def test_an_order_is_shown_when_the_shop_was_closed_meanwhile(shop):
    visitor = shop.visitor()
    await visitor.put_in("wool-blanket")
    placed = await visitor.order()
    await visitor.put_in("enamel-mug", 2)

    async with World(*TEN, provided={Database: shop.world.database}) as again:
        later = Visitor(again.http())
        later.cookies = visitor.cookies
        order, basket = await later.follow(placed), await later.get("/basket")

    assert lines(order.text) == {"wool-blanket": 1}
    assert lines(basket.text) == {"enamel-mug": 2}


async def test_who_comes_too_late_is_told_what_is_sold_out(open_shop):
    async with open_shop(settings={"catalog": {"pieces": 1}}) as shop:
        first, second = shop.visitor(), shop.visitor()
        for visitor in (first, second):
            await visitor.put_in("wool-blanket")
        assert (await first.order()).status == 303
        late = await second.order()
        assert late.status == 409
        assert "fewer of “Wool Blanket” than you want" in said(late.text)
        assert lines((await second.get("/basket")).text) == {"wool-blanket": 1}


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("email", "ada", "An e-mail address looks like"),
        ("email", "", "Please fill in the e-mail address."),
        ("street_address", " ", "Please fill in the street."),
        ("zip_code", "1" * 17, "Please shorten the postal code to 16 characters."),
        ("card_number", "4111", "A card number has 12 to 19 digits"),
        ("card_number", "4432 8015 6152 0455", "This is not the number of a card"),
        ("card_number", "378282246310005", "The shop takes Visa and Mastercard"),
        ("card_cvv", "12", "The security code is the three digits"),
        ("expiry_month", "13", "A month is a number from 1 to 12."),
        ("expiry_year", "39", "A year has four digits, like 2039."),
        ("expiry_year", "2020", "This card has expired"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_is_kept(
    shop, field, typed, sentence
):
    visitor = shop.visitor()
    await visitor.put_in("wool-blanket")
    asked = await visitor.order(**{"city": "Lübeck & Söhne", field: typed})

    assert asked.status == 422
    at_field = re.search(
        rf'<input id="{field}"[^>]*aria-invalid="true"[^>]*aria-describedby="{field}-wrong"',
        asked.text,
    )
    assert at_field
    assert sentence in re.search(rf'id="{field}-wrong">([^<]*)<', asked.text)[1]
    assert 'role="alert"' in asked.text
    assert 'value="Lübeck &amp; Söhne"' in asked.text
    assert lines((await visitor.get("/basket")).text) == {"wool-blanket": 1}


@pytest.mark.parametrize("number", ["4432801561520455", "4432 8015 6152 0455", "378282246310005"])
async def test_a_card_is_never_sent_back(shop, number):
    visitor = shop.visitor()
    await visitor.put_in("wool-blanket")
    asked = await visitor.order(card_number=number, card_cvv="987")

    assert asked.status == 422
    assert not re.search(r"4432|3782|987", asked.text.partition("</header>")[2])


@pytest.mark.parametrize(
    ("failure", "status", "sentence"),
    [
        (OrderUndone("Your card is not charged."), 502, "Your card is not charged."),
        (AlreadyBuying("The one before has failed."), 409, "The one before has failed."),
        (Unavailable(detail="secret"), 503, "look for our e-mail before you order again"),
    ],
)
async def test_an_order_that_may_have_gone_wrong_says_so(open_shop, failure, status, sentence):
    def place_order(**_):
        raise failure

    async with open_shop(fake(Checkout, place_order=place_order)) as shop:
        visitor = shop.visitor()
        await visitor.put_in("wool-blanket")
        asked = await visitor.order()

    assert asked.status == status
    assert sentence in said(asked.text)
    assert "secret" not in asked.text


@pytest.mark.parametrize(
    "path", ["/products/unknown", "/products/%3Cb%3E", "/orders/1", "/products/" + "x" * 65]
)
async def test_what_is_not_there_is_a_page_of_the_shop(shop, path):
    page = await shop.visitor().get(path)
    assert page.status in {400, 404}
    assert "Back to the shop" in page.text
    assert "<b>" not in page.text.partition("<main")[2].partition("</main>")[0]


async def test_a_product_that_is_not_there_gets_into_no_basket(shop):
    visitor = shop.visitor()
    assert (await visitor.put_in("unknown")).status == 404
    assert visitor.cookies == {}


async def test_what_is_no_longer_sold_leaves_the_basket_and_keeps_nobody_from_buying(open_shop):
    sold = {product.id: product for product in PRODUCTS}

    def get_product(product_id):
        if product_id not in sold:
            raise NoSuchProduct("Gone.", product_id=product_id)
        return sold[product_id]

    catalog = fake(
        Catalog,
        get_product=get_product,
        list_products=lambda: ProductList(PRODUCTS),
        reserve=lambda order_id, items: None,
    )
    async with open_shop(catalog) as shop:
        visitor = shop.visitor()
        await visitor.put_in("enamel-mug", 2)
        await visitor.put_in("tea-caddy")
        del sold["enamel-mug"]
        basket = await visitor.get("/basket")
        looked_again = await visitor.follow(await visitor.order())
        order = await visitor.follow(await visitor.order())

    assert lines(basket.text) == {"tea-caddy": 1}
    assert sums(basket.text) == {"items": "USD 19.75", "shipping": "USD 4.99", "total": "USD 24.74"}
    assert "Your basket" in looked_again.text
    assert lines(order.text) == {"tea-caddy": 1}


async def test_more_than_the_shop_sells_at_once_is_refused_in_its_own_words(shop):
    visitor = shop.visitor()
    await visitor.put_in("enamel-mug", 10)
    await visitor.post(
        "/basket/quantity", {"product_id": "enamel-mug", "quantity": str(QUANTITY_MAX)}
    )

    refused = await visitor.put_in("enamel-mug", 10)

    assert refused.status == 409
    assert f"at most {QUANTITY_MAX} of one thing" in said(refused.text)
    assert lines((await visitor.get("/basket")).text) == {"enamel-mug": QUANTITY_MAX}


async def test_a_search_shows_what_is_found_and_escapes_what_was_asked(shop):
    visitor = shop.visitor()
    found = await visitor.get("/search?q=brass")
    nothing = await visitor.get("/search?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    blank = await visitor.get("/search?q=%20")

    assert "Brass Compass" in found.text
    assert "Wool Blanket" not in found.text
    assert "<script>" not in nothing.text
    assert "Nothing of that name" in nothing.text
    assert blank.headers["location"] == "/"


async def test_the_currency_of_a_search_leads_back_to_the_search(shop):
    found = await shop.visitor().get("/search?q=brass%20%26%20oak%22")
    back = re.search(r'name="back" value="([^"]*)"', found.text)[1]
    assert back == "/search?q=brass%20%26%20oak%22"


async def test_a_hostile_name_is_only_text(open_shop):
    evil = Product("evil", HOSTILE, HOSTILE, "/static/x.svg", Money("USD", 1), (HOSTILE[:60],))
    catalog = fake(
        Catalog,
        list_products=lambda: ProductList((evil,)),
        get_product=lambda product_id: evil,
        search_products=lambda query: ProductList((evil,)),
    )
    ads = fake(Ads, get_ads=lambda context_keys: (Ad("//evil.example", HOSTILE),))
    async with open_shop(catalog, ads) as shop:
        visitor = shop.visitor()
        await visitor.put_in("evil")
        paths = ("/", "/products/evil", "/search?q=x", "/basket", "/basket/checkout")
        pages = [(await visitor.get(path)).text for path in paths]

    for text in pages:
        assert "<script" not in text
        assert '" onload="' not in text
        assert "//evil.example" not in text
    assert all("&lt;script&gt;" in text for text in pages)


async def test_without_ads_and_recommendations_pages_are_whole_and_say_nothing(open_shop):
    ads, near = fake(Ads, get_ads=down), fake(Recommendations, list_recommendations=down)
    async with open_shop(ads, near) as shop:
        visitor = shop.visitor()
        await visitor.put_in("enamel-mug")
        front, product, basket = [
            await visitor.get(path) for path in ("/", "/products/enamel-mug", "/basket")
        ]

    assert (front.status, product.status, basket.status) == (200, 200, 200)
    assert "Advertisement" not in front.text + product.text
    assert "Goes well with it" not in product.text
    assert "$14.95" in product.text


@pytest.mark.parametrize("contract", [Catalog, Currencies])
async def test_without_catalog_or_currencies_the_shop_says_that_it_rests(open_shop, contract):
    methods = dict.fromkeys(contract.__contract__.methods)
    broken = fake(contract, **{name: _down_like(contract, name) for name in methods})
    async with open_shop(broken) as shop:
        pages = [await shop.visitor().get(path) for path in ("/", "/products/enamel-mug")]

    assert [page.status for page in pages] == [503, 503]
    assert all("The sea is rough" in page.text for page in pages)
    assert all("Not now." not in page.text for page in pages)


def _down_like(contract, name):
    """A function that takes what the method takes, and fails."""
    return lambda **given: down(**given) if given else down()


async def test_a_purchase_charges_what_the_page_said(open_shop):
    charged = []

    def authorize(amount, card):
        charged.append(amount)
        return "p-1"

    async with open_shop(
        fake(Payments, authorize=authorize, charge=lambda payment_id: charged[0])
    ) as shop:
        visitor = shop.visitor()
        await visitor.post("/currency", {"currency": "EUR", "back": "/"})
        await visitor.put_in("enamel-mug", 3)
        form = await visitor.get("/basket/checkout")
        await visitor.order()

    assert sums(form.text)["total"] == "EUR 47.97"
    assert charged == [Money("EUR", 47, 970_000_000)]


def test_it_leads_to_where_one_can_work_there_if_it_is_told_where():
    visit = Visit("USD", ("USD",))

    assert '<a href="/careers/">Work with us</a>' in Pages(careers="/careers/").home(
        visit, (), None
    )
    assert "Work with us" not in Pages().home(visit, (), None)
