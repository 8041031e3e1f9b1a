"""Cookies: read as arguments, set by answers, and neither broken by what others put into them."""

import enum
from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

import pytest

from hanse import (
    PUBLIC,
    Cookie,
    DeclarationError,
    Html,
    Length,
    Pattern,
    Range,
    Redirect,
    Service,
    SetCookie,
    form,
    page,
    rpc,
)
from hanse.runtime.server.tests.wire import Peer, get, post
from hanse.testing import World

FORM = {"content-type": "application/x-www-form-urlencoded"}


class Currency(enum.Enum):
    EUR = "EUR"
    USD = "USD"


Shopper = Annotated[str, Cookie("shopper"), Pattern("^([a-z0-9]{4,8})?$")]


class Shop(Service):
    @rpc("GET /shop/v1/count", allow=PUBLIC)
    async def count(self) -> int:
        return 1

    @page("/basket", allow=PUBLIC)
    async def basket(
        self,
        shopper: Shopper = "",
        currency: Annotated[Currency, Cookie("currency")] = Currency.EUR,
        visits: Annotated[int, Cookie("n"), Range(1, 99)] = 1,
        weight: Annotated[float, Cookie("w")] = 0.0,
        note: Annotated[str | None, Cookie("note")] = None,
        plain: Annotated[str, Cookie("__Host-plain")] = "",
        line: str = "",
    ) -> Html:
        return Html(repr((shopper, currency.name, visits, weight, note, plain, line)))

    @page("/mine", allow=PUBLIC)
    async def mine(
        self, shopper: Shopper, key: Annotated[UUID | None, Cookie("key")] = None
    ) -> Html:
        return Html(f"{shopper} {key}")

    @page("/kept", allow=PUBLIC)
    async def kept(self, currency: Annotated[str, Cookie("currency")] = "EUR") -> Html:
        return Html(currency, cache="public, max-age=60")

    @page("/cookies/{given}", allow=PUBLIC)
    async def give(self, given: str) -> Html | Redirect:
        cookies = {
            "one": (SetCookie("shopper", "ab12"),),
            "two": (SetCookie("shopper", "ab12", max_age=60), SetCookie("currency", "USD")),
            "own": (
                SetCookie("a", "b", path="/shop", secure=True, http_only=False, same_site="strict"),
            ),
            "never": (SetCookie("a", "b", secure=False),),
            "none": (SetCookie("a", "b", same_site="none"),),
            "host": (SetCookie("__Host-a", "b"),),
            "gone": (SetCookie("shopper", "", max_age=0),),
        }
        return Html("given", cookies=cookies[given])

    @form("/currency", allow=PUBLIC)
    async def choose(self, currency: Currency, shopper: Shopper = "") -> Redirect:
        return Redirect(
            "/basket",
            cookies=(
                SetCookie("currency", currency.value),
                SetCookie("shopper", shopper or "new1"),
            ),
        )

    @form("/consent", allow=PUBLIC)
    async def consent(self, agreed: Annotated[bool, Cookie("agreed")]) -> Html:
        return Html(str(agreed))


@pytest.fixture
async def world():
    async with World(Shop) as world:
        yield world


@pytest.fixture
def http(world):
    return world.http()


DEFAULTS = ("", "EUR", 1, 0.0, None, "", "")
READ = {
    "": DEFAULTS,
    "shopper=ab12": ("ab12", *DEFAULTS[1:]),
    "other=1; shopper=ab12; more=2": ("ab12", *DEFAULTS[1:]),
    "shopper=ab12;currency=USD;n=7": ("ab12", "USD", 7, *DEFAULTS[3:]),
    " shopper = ab12 ; ": ("ab12", *DEFAULTS[1:]),
    "__Host-plain=a=b&c": (*DEFAULTS[:5], "a=b&c", ""),
    "shopper=ab12; shopper=ab12": ("ab12", *DEFAULTS[1:]),
    "note=": (*DEFAULTS[:4], "", "", ""),
    # What is not as it should be counts as not there.
    "shopper=../../etc": DEFAULTS,
    "currency=DEM": DEFAULTS,
    "n=0": DEFAULTS,
    "n=ten": DEFAULTS,
    "w=nan": DEFAULTS,
    "w=inf": DEFAULTS,
    "shopper=ab12; shopper=cd34": DEFAULTS,
    'shopper="ab12"': DEFAULTS,
    "__Host-plain=a b": DEFAULTS,
    "__Host-plain=a\\b": DEFAULTS,
    "__Host-plain=a\xe9": DEFAULTS,
    "__Host-plain=a, __Host-plain=b": DEFAULTS,
    "__Host-Plain=x; SHOPPER=ab12": DEFAULTS,
    "shopper": DEFAULTS,
    ";;;=;==; =x": DEFAULTS,
    "line=x": DEFAULTS,
    "__proto__=x": DEFAULTS,
}  # fmt: skip


@pytest.mark.parametrize("header", READ, ids=repr)
async def test_arguments_come_from_cookies_by_name(http, header):
    answer = await http.get("/basket", {"cookie": header} if header else {})

    assert answer.text == repr(READ[header])


async def test_a_cookie_is_no_argument_of_the_query_nor_of_a_form(http):
    query = await http.get("/basket?shopper=ab12")
    plain = await http.get("/basket")
    sent = await http.post("/currency", b"currency=USD&shopper=ab12", FORM)

    assert query.text == plain.text
    assert (sent.status, sent.json["violations"][0]["rule"]) == (400, "unknown")


REQUIRED = {
    "": ("shopper", "required"),
    "other=1": ("shopper", "required"),
    "shopper=no": ("shopper", "matching regex '^([a-z0-9]{4,8})?$'"),
    "shopper=ab12; shopper=cd34": ("shopper", "cookie"),
    "shopper=ab 12": ("shopper", "cookie"),
}


@pytest.mark.parametrize("header", REQUIRED, ids=repr)
async def test_a_cookie_without_a_default_is_required_and_right(http, header):
    answer = await http.get("/mine", {"cookie": header} if header else {})

    assert answer.status == 400
    [violation] = answer.json["violations"]
    assert (violation["field"], violation["rule"]) == REQUIRED[header]


async def test_a_cookie_that_is_missing_is_no_box_that_is_not_ticked(http):
    missing = await http.post("/consent", b"", FORM)
    given = await http.post("/consent", b"", {**FORM, "cookie": "agreed=true"})

    assert (missing.status, missing.json["violations"][0]["rule"]) == (400, "required")
    assert given.text == "True"


async def test_a_cookie_may_be_of_any_scalar_type(http):
    key = "7c0d8f0e-5b1c-4d6b-9d7c-0d8f0e5b1c4d"

    assert (await http.get("/mine", {"cookie": f"shopper=ab12; key={key}"})).text == f"ab12 {key}"
    assert (await http.get("/mine", {"cookie": "shopper=ab12; key=x"})).text == "ab12 None"


async def test_cookies_have_a_limit_that_is_said(http):
    most = await http.get("/basket", {"cookie": "shopper=ab12; x=" + "y" * (8192 - 16)})
    more = await http.get("/basket", {"cookie": "shopper=ab12; x=" + "y" * (8192 - 15)})
    many = await http.get("/basket", {"cookie": "a=b;" * 5000})

    assert most.status == 200
    for answer in (more, many):
        assert (answer.status, answer.json["code"], answer.json["fields"]) == (
            431,
            "headers_too_large",
            {"limit_bytes": 8192},
        )
    assert "delete" in more.json["detail"]


async def test_a_page_that_reads_no_cookies_does_not_mind_how_many_there_are(http):
    assert (await http.get("/cookies/one", {"cookie": "a=" + "b" * 9000})).status == 200


async def test_a_page_that_reads_cookies_is_kept_apart_for_each(http):
    assert (await http.get("/kept")).headers["vary"] == "cookie"
    assert "vary" not in (await http.get("/cookies/one")).headers


@pytest.mark.parametrize("cache", ["public, max-age=60", "max-age=60", ""])
def test_a_page_that_sets_cookies_is_not_given_to_others(cache):
    with pytest.raises(ValueError, match="say no-store or private"):
        Html("x", cookies=(SetCookie("a", "b"),), cache=cache)
    assert Html("x", cookies=(SetCookie("a", "b"),), cache="private, max-age=60").cache


LINES = {
    "one": "shopper=ab12; Path=/; SameSite=Lax; HttpOnly",
    "two": "shopper=ab12; Path=/; Max-Age=60; SameSite=Lax; HttpOnly, currency=USD; Path=/; SameSite=Lax; HttpOnly",
    "own": "a=b; Path=/shop; SameSite=Strict; Secure",
    "never": "a=b; Path=/; SameSite=Lax; HttpOnly",
    "none": "a=b; Path=/; SameSite=None; HttpOnly; Secure",
    "host": "__Host-a=b; Path=/; SameSite=Lax; HttpOnly; Secure",
    "gone": "shopper=; Path=/; Max-Age=0; SameSite=Lax; HttpOnly",
}


@pytest.mark.parametrize("name", LINES)
async def test_an_answer_sets_cookies(world, name):
    async with await Peer.tcp(world.host) as peer:  # sees all lines of a header
        answer = await peer.ask(get(f"/cookies/{name}"))

    assert answer.headers["set-cookie"] == LINES[name]


async def test_a_redirect_sets_cookies_too(world):
    kind, cookie = "Content-Type: application/x-www-form-urlencoded", "Cookie: shopper=ab12"
    async with await Peer.tcp(world.host) as peer:
        answer = await peer.ask(post("/currency", b"currency=USD", kind, cookie))

    assert (answer.status, answer.headers["location"]) == (303, "/basket")
    assert "currency=USD; Path=/" in answer.headers["set-cookie"]
    assert "shopper=ab12; Path=/" in answer.headers["set-cookie"]


@pytest.mark.parametrize("scheme", ["https", "HTTPS", " https ", "https, http"])
async def test_what_is_set_over_tls_is_sent_over_tls_only(http, scheme):
    one = await http.get("/cookies/one", {"x-forwarded-proto": scheme})
    never = await http.get("/cookies/never", {"x-forwarded-proto": scheme})

    assert one.headers["set-cookie"] == LINES["one"] + "; Secure"
    assert never.headers["set-cookie"] == LINES["never"]


@pytest.mark.parametrize("scheme", ["http", "http, https", "", "httpss", "quic"])
async def test_what_is_set_without_tls_is_sent_without(http, scheme):
    one = await http.get("/cookies/one", {"x-forwarded-proto": scheme})

    assert one.headers["set-cookie"] == LINES["one"]


async def test_a_cookie_comes_back_as_it_was_set(http):
    value = "".join(chr(code) for code in range(33, 127) if chr(code) not in '",;\\')

    assert SetCookie("__Host-plain", value).value == value
    answer = await http.get("/basket", {"cookie": f"__Host-plain={value}"})
    assert repr(value) in answer.text


REFUSED = {
    "no name": lambda: SetCookie("", "b"),
    "a name with a space": lambda: SetCookie("a b", "c"),
    "a name with its value": lambda: SetCookie("a=b", "c"),
    "a name of a header": lambda: SetCookie("a\r\nx", "c"),
    "a name in other letters": lambda: SetCookie("ä", "c"),
    "a long name": lambda: SetCookie("a" * 101, "c"),
    "a value of two": lambda: SetCookie("a", "b; Domain=evil.example"),
    "a value that ends the line": lambda: SetCookie("a", "b\r\nset-cookie: c=d"),
    "a value that ends in one": lambda: SetCookie("a", "b\n"),
    "a zero byte": lambda: SetCookie("a", "b\0"),
    "a space": lambda: SetCookie("a", "b c"),
    "a comma": lambda: SetCookie("a", "b,c"),
    "quotes": lambda: SetCookie("a", '"b"'),
    "a backslash": lambda: SetCookie("a", "b\\c"),
    "other letters": lambda: SetCookie("a", "é"),
    "half a pair": lambda: SetCookie("a", "\ud800"),
    "a large one": lambda: SetCookie("a", "b" * 4096),
    "no path": lambda: SetCookie("a", "b", path="shop"),
    "a path of two": lambda: SetCookie("a", "b", path="/; Domain=evil.example"),
    "a path that ends the line": lambda: SetCookie("a", "b", path="/\r\nx: y"),
    "a long path": lambda: SetCookie("a", "b", path="/" * 2000),
    "before its time": lambda: SetCookie("a", "b", max_age=-1),
    "of no site": lambda: SetCookie("a", "b", same_site="any\r\nx: y"),
    "everywhere and open": lambda: SetCookie("a", "b", same_site="none", secure=False),
    "of the host and open": lambda: SetCookie("__Host-a", "b", secure=False),
    "of the host and below": lambda: SetCookie("__Host-a", "b", path="/shop"),
    "secure and open": lambda: SetCookie("__Secure-a", "b", secure=False),
    "too many": lambda: Html("x", cookies=tuple(SetCookie(f"a{n}", "b" * 1000) for n in range(9))),
    "too many with a redirect": lambda: Redirect("/", cookies=tuple(SetCookie(f"a{n}", "b" * 1000) for n in range(9))),
    "to be read": lambda: Cookie("a b"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_break_the_header_is_refused_when_it_is_made(case):
    with pytest.raises(ValueError, match=r"[Cc]ookie|same_site"):
        REFUSED[case]()


def declared(kind, decorator, default=...):
    async def x(self, given) -> Html: ...

    x.__annotations__["given"] = kind
    if default is not ...:
        x.__defaults__ = (default,)
    return type("Odd", (Service,), {"x": decorator(x), "count": Shop.count})


PAGE, FORM_OF = page("/x", allow=PUBLIC), form("/x", allow=PUBLIC)
MISTAKES = {
    "many": (Annotated[tuple[str, ...], Cookie("a")], PAGE, "given does not fit a cookie → make it a str, int, enum or another scalar"),
    "a map": (Annotated[Mapping[str, str], Cookie("a")], FORM_OF, "given does not fit a cookie"),
    "of two": (Annotated[str, Cookie("a"), Cookie("b")], PAGE, "given is to come from two places"),
    "of the path": (Annotated[str, Cookie("a")], page("/x/{given}", allow=PUBLIC), "given is to come from two places"),
    "of a call": (Annotated[str, Cookie("a")], rpc("POST /shop/v1/x", allow=PUBLIC), "given is of a cookie → only pages and forms read cookies"),
    "of a call, deeper": (Annotated[str, Cookie("a")] | None, rpc("POST /shop/v1/x", allow=PUBLIC), "given is of a cookie"),
}  # fmt: skip


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_in_a_declaration_is_reported_with_its_remedy(case):
    kind, decorator, expected = MISTAKES[case]

    with pytest.raises(DeclarationError) as caught:
        declared(kind, decorator)

    assert [expected in problem for problem in caught.value.problems] == [True]


def test_a_default_of_a_cookie_keeps_to_its_rule():
    with pytest.raises(DeclarationError, match="the default of given breaks its own rule"):
        declared(Annotated[str, Cookie("a"), Length(1)], PAGE, "")


async def test_a_cookie_is_found_wherever_in_the_type_it_stands():
    made = declared(Annotated[str, Cookie("a")] | None, FORM_OF, None)

    async with World(made) as world:
        assert (await world.http().post("/x", b"given=b", FORM)).status == 400
