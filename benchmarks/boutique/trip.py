"""One whole shopping trip, and what a shop must refuse: each contestant proves both.

The shoppers of the load check every answer against the true prices; here is what they do not do,
so that nobody is measured who saves a check.
"""

from __future__ import annotations

import http.client
import re
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

import msgspec

from benchmarks.load import LoadError

SECONDS_MAX = 20
BUYER = {
    "email": "ada@example.com",
    "street_address": "Am Sandtorkai 1",
    "zip_code": "20457",
    "city": "Hamburg",
    "state": "",
    "country": "Germany",
    "expiry_month": "1",
    "expiry_year": "2039",
    "card_cvv": "672",
}
CARD = "4432 8015 6152 0454"
NO_CARD = "4432 8015 6152 0453"
BAD_FORMS: tuple[tuple[str, dict[str, str]], ...] = (
    ("/basket", {"product_id": "enamel-mug", "quantity": "0"}),
    ("/basket", {"product_id": "enamel-mug", "quantity": "11"}),
    ("/basket", {"product_id": "enamel-mug", "quantity": "many"}),
    ("/basket", {"product_id": "enamel-mug"}),
    ("/basket", {"product_id": "", "quantity": "1"}),
    ("/basket", {"product_id": "m" * 65, "quantity": "1"}),
    ("/basket", {"product_id": "no-such-thing", "quantity": "1"}),
    ("/basket/quantity", {"product_id": "enamel-mug", "quantity": "100"}),
    ("/currency", {"currency": "EURO"}),
    ("/orders", {**BUYER, "card_number": CARD, "city": "x" * 255}),
)

_SUM = re.compile(r'data-sum="(\w+)"><dt>[^<]*</dt><dd><data class="price" value="EUR ([0-9.]+)"')
_LINE = re.compile(r'<li data-product="([^"]+)" data-quantity="([0-9]+)"')


class Answer(msgspec.Struct, frozen=True):
    """What came back."""

    status: int
    location: str
    text: str


class Browser:
    """One visitor: keeps cookies, follows nothing by itself."""

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self._connection = http.client.HTTPConnection(
            place.hostname or "", place.port, timeout=SECONDS_MAX
        )
        self._cookies: SimpleCookie = SimpleCookie()

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, None)

    def send(self, path: str, fields: dict[str, str]) -> Answer:
        return self._ask("POST", path, urlencode(fields))

    def close(self) -> None:
        self._connection.close()

    def _ask(self, method: str, path: str, body: str | None) -> Answer:
        headers = {"Cookie": "; ".join(f"{n}={c.value}" for n, c in self._cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        for cookie in response.headers.get_all("set-cookie", []):
            self._cookies.load(cookie)
        text = response.read().decode()
        return Answer(response.status, response.headers.get("location", ""), text)


def check(url: str) -> None:
    """Shop at this address from the front to the confirmation, and try what must be refused.

    Raises:
        LoadError: Something was answered otherwise than it must be.
    """
    browser = Browser(url)
    try:
        _fill(browser)
        _refusals(browser)
        _buy(browser)
    except (OSError, http.client.HTTPException) as error:
        raise LoadError(f"the trip broke off: {error!r}") from error
    finally:
        browser.close()


def _fill(browser: Browser) -> None:
    front = browser.get("/")
    _demand(front.text.count('class="card" data-product=') == 12, "the front", front)
    _demand('data-currency="USD" data-basket="0"' in front.text, "the front", front)
    _led(browser.send("/currency", {"currency": "EUR", "back": "/products/enamel-mug"}), "/prod")
    mug = browser.get("/products/enamel-mug")
    _demand('<data class="price" value="EUR ' in mug.text, "a product", mug)
    _led(browser.send("/basket", {"product_id": "enamel-mug", "quantity": "2"}), "/basket")
    _led(browser.send("/basket", {"product_id": "storm-lantern", "quantity": "1"}), "/basket")
    _led(browser.send("/basket/quantity", {"product_id": "enamel-mug", "quantity": "1"}), "/basket")


def _refusals(browser: Browser) -> None:
    for path, fields in BAD_FORMS:
        answer = browser.send(path, fields)
        _demand(400 <= answer.status < 500, f"{path} with {fields}", answer)
    for path in ("/products/no-such-thing", "/orders/1", "/search?q=" + "x" * 101):
        answer = browser.get(path)
        _demand(400 <= answer.status < 500, path, answer)
    again = browser.send("/orders", {**BUYER, "card_number": NO_CARD})
    _demand(again.status == 422 and "aria-invalid" in again.text, "a card that is none", again)
    _demand(NO_CARD[-4:] not in again.text, "what the form shows of a card", again)


def _buy(browser: Browser) -> None:
    basket = browser.get("/basket")
    lines = {"storm-lantern": "1", "enamel-mug": "1"}
    _demand(dict(_LINE.findall(basket.text)) == lines, "the basket", basket)
    sums = _sums(basket)
    placed = browser.send("/orders", {**BUYER, "card_number": CARD})
    _led(placed, "/orders/")
    order = browser.get(placed.location)
    _demand(_sums(order) == sums, "the order", order)
    _demand(BUYER["email"] in order.text and BUYER["city"] in order.text, "the order", order)
    emptied = browser.get("/basket")
    _demand('data-currency="EUR" data-basket="0"' in emptied.text, "the basket after", emptied)


def _sums(page: Answer) -> dict[str, float]:
    found = {name: float(value) for name, value in _SUM.findall(page.text)}
    _demand(found.keys() == {"items", "shipping", "total"}, "the sums", page)
    right = abs(found["items"] + found["shipping"] - found["total"]) < 0.001
    _demand(right and found["shipping"] > 0, "the sums", page)
    return found


def _led(answer: Answer, to: str) -> None:
    _demand(answer.status == 303 and answer.location.startswith(to), f"the way to {to}", answer)


def _demand(right: bool, what: str, answer: Answer) -> None:  # noqa: FBT001  it is what is demanded
    if not right:
        raise LoadError(
            f"{what} is not as it must be: {answer.status} {answer.location} {answer.text[:500]}"
        )
