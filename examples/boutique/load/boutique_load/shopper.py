"""A shopper: cookies, a basket in the head, and six things to do, each answer checked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from time import perf_counter
from types import MappingProxyType
from urllib.parse import urlencode

from boutique_load import reading
from boutique_load.channel import Answer, Broken, Channel, Shop, connect
from boutique_load.reading import Price, Unreadable
from boutique_load.tally import Tally
from boutique_load.truth import CURRENCIES, DOLLAR, Truth

MIX: Mapping[str, int] = MappingProxyType(
    {"home": 1, "currency": 2, "browse": 10, "add": 2, "basket": 3, "checkout": 1}
)
"""What shoppers do, and how often: the published mix."""

REQUESTS_A_TASK = (1 * 1 + 2 * 2 + 10 * 1 + 2 * 3 + 3 * 1 + 1 * 5) / sum(MIX.values())
"""On average, with what redirects lead to."""

QUANTITIES = (1, 2, 3, 4, 5, 10)
TIMEOUT_SECONDS = 10.0
PIECES_MAX = 99
"""Of one product that a basket holds."""

ORDER = MappingProxyType(
    {
        "email": "someone@example.com",
        "street_address": "1600 Amphitheatre Parkway",
        "zip_code": "94043",
        "city": "Mountain View",
        "state": "CA",
        "country": "United States",
        "card_number": "4432-8015-6152-0454",
        "expiry_month": "1",
        "expiry_year": "2039",
        "card_cvv": "672",
    }
)


class WrongAnswer(Exception):
    """The shop said something that is not so."""


class Unserved(Exception):
    """The shop said that it does not work just now."""


class Shopper:
    """One visitor with a connection of its own.

    Args:
        shop: Where to shop.
        truth: What is right.
        chance: Decides what to do and buy.
        tally: Where everything is counted.
    """

    def __init__(self, shop: Shop, truth: Truth, chance: Random, tally: Tally) -> None:
        self._shop = shop
        self._truth = truth
        self._chance = chance
        self._tally = tally
        self._channel: Channel | None = None
        self._products = tuple(truth.names)
        self._tasks: dict[str, Callable[[], Awaitable[None]]] = {
            "home": self._home,
            "currency": self._currency_chosen,
            "browse": self._browse,
            "add": self._add,
            "basket": self._view_basket,
            "checkout": self._buy,
        }
        self._names, self._weights = tuple(MIX), tuple(MIX.values())
        self._due: float | None = None
        self._forget()

    async def shop(self, due: float | None = None) -> None:
        """Does one thing of the mix.

        Args:
            due: When it should have begun, if there is a schedule.
        """
        name = self._chance.choices(self._names, self._weights)[0]
        began = perf_counter() if due is None else due
        self._due = due
        try:
            await self._tasks[name]()
        except (WrongAnswer, Unreadable) as error:
            self._tally.wrong += 1
            self._give_up(f"{name}: {error}")
        except (Broken, Unserved) as error:
            self._tally.failed += 1
            self._give_up(f"{name}: {error}")
        else:
            self._tally.task(name, perf_counter() - began)

    def close(self) -> None:
        """Leaves."""
        if self._channel is not None:
            self._channel.close()
        self._channel = None

    # The six tasks.

    async def _home(self) -> None:
        self._check_home(await self._page("/"))

    async def _currency_chosen(self) -> None:
        currency = self._chance.choice(CURRENCIES)
        to = await self._send("/currency", {"currency": currency, "back": "/"})
        self._currency = currency
        _check(to == "/", "the currency led elsewhere than back", to)
        await self._home()

    async def _browse(self) -> None:
        await self._look_at(self._chance.choice(self._products))

    async def _add(self) -> None:
        product, many = self._chance.choice(self._products), self._chance.choice(QUANTITIES)
        if self._basket.get(product, 0) + many > PIECES_MAX:
            return await self._buy_all()
        await self._look_at(product)
        to = await self._send("/basket", {"product_id": product, "quantity": str(many)})
        self._basket[product] = self._basket.get(product, 0) + many
        _check(to == "/basket", "adding led elsewhere than to the basket", to)
        return await self._view_basket()

    async def _view_basket(self) -> None:
        page = await self._page("/basket")
        self._check_head(page)
        self._check_sums(page)

    async def _buy(self) -> None:
        await self._add()
        if self._basket:
            await self._buy_all()

    async def _buy_all(self) -> None:
        to = await self._send("/orders", ORDER)
        _check(to.startswith("/orders/"), "an order led elsewhere than to its page", to)
        page = await self._page(to)
        bought, self._basket = self._basket, {}
        self._check_head(page)
        number, _ = reading.order(page)
        _check(to == f"/orders/{number}", "the page confirms another order", number)
        self._check_sums(page, bought)

    async def _look_at(self, product: str) -> None:
        page = await self._page(f"/products/{product}")
        self._check_head(page)
        shown = reading.product(page)
        _check(shown.id == product, "the page is about another product", shown.id)
        self._check_shown(shown)

    # What is checked.

    def _check_home(self, page: bytes) -> None:
        self._check_head(page)
        shown = reading.cards(page)
        ids = [each.id for each in shown]
        _check(sorted(ids) == sorted(self._products), "the front shows other products", ids)
        for each in shown:
            self._check_shown(each)

    def _check_head(self, page: bytes) -> None:
        currency, count = reading.visit(page)
        _check(currency == self._currency, f"not in {self._currency}", currency)
        pieces = sum(self._basket.values())
        _check(count == pieces, f"the basket does not hold {pieces} pieces", count)

    def _check_shown(self, shown: reading.Shown) -> None:
        _check(shown.name == self._truth.names[shown.id], f"not the name of {shown.id}", shown.name)
        self._check_price(f"a piece of {shown.id}", shown.price, self._price(shown.id))

    def _check_sums(self, page: bytes, bought: Mapping[str, int] | None = None) -> None:
        wanted = self._basket if bought is None else bought
        found = reading.sums(page)
        held = {} if found is None else {key: line.quantity for key, line in found.lines.items()}
        _check(held == wanted, f"not what was put in, {dict(wanted)}", held)
        if found is None:
            return
        for product, line in found.lines.items():
            price = self._price(product)
            self._check_price(f"a piece of {product}", line.each, price)
            self._check_price(f"a line of {product}", line.total, price * line.quantity)
        items = self._truth.items(wanted, self._currency)
        shipping = self._truth.shipping(wanted, self._currency)
        self._check_price("all pieces", found.items, items)
        self._check_price("shipping", found.shipping, shipping)
        self._check_price("everything", found.total, items + shipping)

    def _price(self, product: str) -> int:
        return self._truth.price(product, self._currency)

    def _check_price(self, what: str, shown: Price, right: int) -> None:
        _check(shown == (self._currency, right), f"not the price of {what}", shown)

    # Requests.

    async def _page(self, path: str) -> bytes:
        answer = await self._ask(f"GET {path} HTTP/1.1\r\n{self._head()}\r\n".encode())
        _check(answer.status == 200, f"{_place(path)} answers", answer.status)
        return answer.body

    async def _send(self, path: str, fields: Mapping[str, str]) -> str:
        body = urlencode(fields).encode()
        head = (
            f"POST {path} HTTP/1.1\r\n{self._head()}sec-fetch-site: same-origin\r\n"
            "content-type: application/x-www-form-urlencoded\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        answer = await self._ask(head.encode() + body)
        _check(answer.status == 303, f"{path} answers", answer.status)
        return answer.headers.get(b"location", b"").decode()

    def _head(self) -> str:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        line = f"cookie: {cookies}\r\n" if cookies else ""
        return f"host: {self._shop.authority}\r\n{line}"

    async def _ask(self, request: bytes) -> Answer:
        began, self._due = self._due or perf_counter(), None
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                if self._channel is None or self._channel.closed:
                    self._channel = await connect(self._shop)
                answer = await self._channel.exchange(request)
        except TimeoutError:
            raise Broken(f"no answer within {TIMEOUT_SECONDS:g} s") from None
        self._tally.requests.record(perf_counter() - began)
        if answer.status >= 500:
            raise Unserved(f"the shop answers {answer.status}")
        for cookie in answer.cookies:
            name, _, value = cookie.decode().partition(";")[0].partition("=")
            self._cookies[name] = value
        return answer

    def _give_up(self, sentence: str) -> None:
        """What the shop thinks is in the basket now nobody knows: come again as somebody new."""
        self._tally.says(sentence)
        self.close()
        self._forget()

    def _forget(self) -> None:
        self._cookies: dict[str, str] = {}
        self._currency = DOLLAR
        self._basket: dict[str, int] = {}


def _check(right: bool, what: str, given: object) -> None:  # noqa: FBT001  it is what is checked
    if not right:
        raise WrongAnswer(f"{what}: {given}")


def _place(path: str) -> str:
    """A path without what differs from order to order, so that sentences can be counted."""
    return "/orders/…" if path.startswith("/orders/") else path
