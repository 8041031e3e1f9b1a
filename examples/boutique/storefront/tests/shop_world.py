"""A shop to test: all ten services, its static files, and visitors with cookies of their own."""

import asyncio
import re
from contextlib import asynccontextmanager
from html import unescape
from urllib.parse import urlencode

from boutique_ad.service import Ads
from boutique_cart.service import Carts
from boutique_catalog.service import Catalog
from boutique_checkout.service import Checkout
from boutique_currency.api import Money
from boutique_currency.service import Currencies
from boutique_email.service import Emails
from boutique_payment.service import Payments
from boutique_recommendation.service import Recommendations
from boutique_shipping.api import Shipping as ShippingContract
from boutique_shipping.service import Shipping
from boutique_storefront.order_form import DEMO
from boutique_storefront.pages import STATIC
from boutique_storefront.service import Storefront

from hanse.runtime.contract.service import contract_of
from hanse.testing import World, fake

TEN = (
    Ads,
    Carts,
    Catalog,
    Checkout,
    Currencies,
    Emails,
    Payments,
    Recommendations,
    Shipping,
    Storefront,
)


class Visitor:
    """Asks as a browser does: sends its cookies back, and says that a form is of the same site."""

    def __init__(self, http):
        self.http = http
        self.cookies = {}

    async def get(self, path):
        return self._kept(await self.http.get(path, headers=self._headers()))

    async def post(self, path, fields=(), **headers):
        sent = {
            "content-type": "application/x-www-form-urlencoded",
            "sec-fetch-site": "same-origin",
        }
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self._kept(
            await self.http.post(path, urlencode(fields).encode(), headers=self._headers() | sent)
        )

    async def follow(self, answer):
        assert answer.status == 303, answer.text
        return await self.get(answer.headers["location"])

    async def put_in(self, product_id, quantity=1):
        return await self.post("/basket", {"product_id": product_id, "quantity": str(quantity)})

    async def order(self, **fields):
        return await self.post("/orders", {**DEMO, **fields})

    def _headers(self):
        return (
            {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
            if self.cookies
            else {}
        )

    def _kept(self, answer):
        if given := answer.headers.get("set-cookie"):
            name, _, value = given.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer


class HeldParcel:
    """A shipping by whose first parcel one knows that an order is under way, until it may go."""

    def __init__(self):
        self.came, self.may_go = asyncio.Event(), asyncio.Event()
        self.shipping = fake(
            ShippingContract,
            get_quote=lambda **_: Money("USD", 5),
            ship_order=self._ship_order,
        )

    async def _ship_order(self, **_):
        self.came.set()
        await self.may_go.wait()
        return "7Q2K"


class Shop:
    """A world with the storefront in it."""

    def __init__(self, world):
        self.world = world
        self.url = world.host.url

    def visitor(self):
        return Visitor(self.world.http())


@asynccontextmanager
async def opened(*instead, apart=False, settings=None):
    """The shop, with fakes in place of the services whose contracts they serve."""
    replaced = {contract_of(service).full_name for service in instead}
    kept = [service for service in TEN if contract_of(service).full_name not in replaced]
    async with World(*kept, *instead, apart=apart, settings=settings) as world:
        world.host.files("/static", STATIC)
        yield Shop(world)


def sums(text):
    """What a basket or an order comes to, as its page says for programs."""
    return dict(
        re.findall(r'data-sum="(\w+)"><dt>[^<]*</dt><dd><data class="price" value="([^"]+)"', text)
    )


def lines(text):
    """Quantities by product."""
    return {
        key: int(many)
        for key, many in re.findall(r'<li data-product="([^"]+)" data-quantity="(\d+)"', text)
    }


def said(text):
    """The page as it reads, without its tags."""
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)))
