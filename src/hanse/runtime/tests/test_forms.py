"""Forms: what a browser sends without a script, read by the rules of every argument."""

import enum
import time
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from random import Random
from typing import Annotated
from urllib.parse import quote, urlencode

import pytest

from hanse import (
    PUBLIC,
    SIGNED_IN,
    AlreadyExists,
    DeclarationError,
    Html,
    Length,
    Pattern,
    Principal,
    Range,
    Redirect,
    Service,
    Struct,
    form,
    page,
    rpc,
)
from hanse.runtime.server.tests.wire import Peer
from hanse.testing import World

KIND = "application/x-www-form-urlencoded"
FORM = {"content-type": KIND}
BROWSER = {"accept": "text/html,*/*;q=0.8"}


class Size(enum.Enum):
    SMALL = "s"
    LARGE = "l"


class Shop(Service):
    @rpc("GET /shop/v1/count", allow=PUBLIC)
    async def count(self) -> int:
        return 1

    @page("/basket", allow=PUBLIC)
    async def basket(self) -> Html:
        return Html("basket")

    @form("/basket", allow=PUBLIC)
    async def add(
        self, product_id: Annotated[str, Length(1, 20)], quantity: Annotated[int, Range(1, 10)] = 1
    ) -> Html | Redirect:
        if product_id == "gone":
            return Html(f"sold out, and {quantity} at that", status=409)
        return Redirect(f"/basket?added={quote(product_id)}&quantity={quantity}#end")

    @form("/products/{product_id}/notes", allow=PUBLIC)
    def note(self, product_id: str, text: str) -> Html:
        return Html(repr((product_id, text)))

    @form("/all", allow=PUBLIC)
    async def everything(
        self,
        name: str = "",
        count: int | None = None,
        price: Decimal = Decimal(1),
        weight: float = 0.5,
        size: Size | None = None,
        nickname: str | None = None,
        tags: tuple[str, ...] = (),
        numbers: tuple[int, ...] = (),
        lots: frozenset[int] = frozenset(),
        *,
        gift: bool,
        wrapped: bool = False,
    ) -> Html:
        return Html(
            repr(
                (
                    name,
                    count,
                    price,
                    weight,
                    size,
                    nickname,
                    tags,
                    numbers,
                    sorted(lots),
                    gift,
                    wrapped,
                )
            )
        )

    @form("/empty", allow=PUBLIC)
    async def empty(self) -> Redirect:
        return Redirect("/basket")

    @form("/staff", allow=SIGNED_IN)
    async def staff(self) -> Html:
        return Html("staff")

    @form("/full", allow=PUBLIC, max_body=100)
    async def full(self, text: str) -> Html:
        raise AlreadyExists(f"There is {text} already.")


@pytest.fixture
async def world():
    async with World(Shop) as world:
        yield world


@pytest.fixture
def http(world):
    return world.http()


async def send(http, path, fields, headers=None):
    body = fields if isinstance(fields, bytes) else urlencode(fields, doseq=True).encode()
    return await http.post(path, body, {**FORM, **(headers or {})})


async def test_a_form_is_answered_by_a_redirect_that_a_reload_does_not_repeat(http):
    answer = await send(http, "/basket", {"product_id": "tea & co", "quantity": 2})

    assert (answer.status, answer.body) == (303, b"")
    assert answer.headers["location"] == "/basket?added=tea%20%26%20co&quantity=2#end"
    assert answer.headers["cache-control"] == "no-store"


async def test_a_form_may_answer_with_a_page(http):
    answer = await send(http, "/basket", {"product_id": "gone"})

    assert (answer.status, answer.text) == (409, "sold out, and 1 at that")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'self'" in answer.headers["content-security-policy"]


async def test_a_form_takes_arguments_of_its_path_too(http):
    answer = await send(http, "/products/a%2Fb/notes", {"text": "Größe: 5 µm\r\n+1 ✓"})

    assert answer.text == repr(("a/b", "Größe: 5 µm\r\n+1 ✓"))


DEFAULTS = ("", None, Decimal(1), 0.5, None, None, (), (), [], False, False)
ALL = [
    (b"", DEFAULTS),
    (b"name=Ada+Lovelace", ("Ada Lovelace", *DEFAULTS[1:])),
    (b"gift=on&wrapped=true", (*DEFAULTS[:9], True, True)),
    (b"gift=1&wrapped=false", (*DEFAULTS[:9], True, False)),
    (
        b"count=3&price=2.50&weight=1e3&size=l",
        ("", 3, Decimal("2.50"), 1000.0, Size.LARGE, *DEFAULTS[5:]),
    ),
    (b"count=&price=&weight=&size=&numbers=&lots=&gift=", DEFAULTS),
    (b"name=null&nickname=null", ("null", *DEFAULTS[1:5], "null", *DEFAULTS[6:])),
    (b"nickname=", (*DEFAULTS[:5], "", *DEFAULTS[6:])),
    (
        b"tags=a&name=x&tags=&tags=b%26c&numbers=1&numbers=&numbers=2",
        ("x", *DEFAULTS[1:6], ("a", "", "b&c"), (1, 2), *DEFAULTS[8:]),
    ),
    (b"lots=2&lots=1", (*DEFAULTS[:8], [1, 2], False, False)),
    (b"name=%F0%9F%8D%B5%C3%A9&name", None),
    (b"name=__proto__", ("__proto__", *DEFAULTS[1:])),
    (b"name=a=b;c", ("a=b;c", *DEFAULTS[1:])),
    (b"name=%E2%80%AE%EF%BB%BFx", ("\u202e\ufeffx", *DEFAULTS[1:])),
    (b"&&name=x&", ("x", *DEFAULTS[1:])),
]


@pytest.mark.parametrize(("body", "expected"), ALL, ids=[repr(body)[:40] for body, _ in ALL])
async def test_fields_are_read_as_browsers_send_them(http, body, expected):
    answer = await send(http, "/all", body)

    assert answer.text == repr(expected) if expected else answer.status == 400


WRONG = {
    "missing": ("/basket", b"quantity=1", "product_id", "required"),
    "too long": ("/basket", b"product_id=" + b"x" * 21, "product_id", "length <= 20"),
    "out of range": ("/basket", b"product_id=tea&quantity=11", "quantity", "<= 10"),
    "no number": ("/basket", b"product_id=tea&quantity=ten", "quantity", "type int"),
    "null is no number": ("/all", b"count=null", "count", "null"),
    "unknown": ("/basket", b"product_id=tea&price=0", "price", "unknown"),
    "of the prototype": ("/basket", b"product_id=tea&__proto__=x", "__proto__", "unknown"),
    "with brackets": ("/basket", b"product_id[]=tea", "product_id[]", "unknown"),
    "twice": ("/basket", b"product_id=tea&product_id=tea", "product_id", "duplicate"),
    "twice, once encoded": (
        "/basket",
        b"product_id=tea&product%5Fid=tea",
        "product_id",
        "duplicate",
    ),
    "twice in a set": ("/all", b"lots=1&lots=1", "lots", "unique"),
    "of the path": ("/products/7/notes", b"text=x&product_id=8", "product_id", "unknown"),
    "no choice": ("/all", b"size=xl", "size", "one of 's', 'l'"),
    "no box": ("/all", b"gift=perhaps", "gift", "type bool"),
    "not a number": ("/all", b"weight=nan", "weight", "finite"),
    "endless": ("/all", b"price=1e999999", "price", "finite"),
    "too large": ("/all", b"count=9223372036854775808", "count", "finite"),
    "a long name": ("/basket", b"x" * 60_000 + b"=1", "x" * 100, "unknown"),
    "no character": ("/basket", b"product_id=a%00b", "", "text"),
    "no character in a name": ("/basket", b"a%00=b", "", "text"),
    "a zero byte": ("/all", b"name=\0", "", "text"),
    "broken percent": ("/all", b"name=100%", "", "form"),
    "half a percent": ("/all", b"name=%4", "", "form"),
    "no hexadecimal": ("/all", b"name=%u0041", "", "form"),
    "latin-1": ("/all", b"name=%E9", "", "form"),
    "overlong": ("/all", b"name=%C0%AF", "", "form"),
    "half a pair": ("/all", b"name=%ED%A0%80", "", "form"),
    "raw bytes": ("/all", "name=é".encode(), "", "form"),
    "too many": ("/all", b"&".join([b"tags=a"] * 257), "", "fields"),
    "ten thousand": ("/all", b"&".join([b"a=b"] * 10_000), "", "fields"),
    "nothing ten thousand times": ("/all", b"&" * 10_000, "", "fields"),
}


@pytest.mark.parametrize("case", WRONG)
async def test_a_wrong_field_is_named_with_its_rule(http, case):
    path, body, field, rule = WRONG[case]

    answer = await send(http, path, body)

    assert answer.status == 400
    assert answer.json["violations"][0]["field"] == field
    assert answer.json["violations"][0]["rule"] == rule
    assert len(answer.body) < 1000


async def test_as_many_fields_as_allowed_are_read(http):
    answer = await send(http, "/all", {"tags": ["a"] * 256})

    assert answer.status == 200


ODD = "\\%&=+;?#'\"<>\x01\x7f\t\r\n \u00e9\u20ac\U0001f375xX0nu{}"


@pytest.mark.parametrize("seed", range(4))
async def test_every_text_comes_as_it_was_written(http, seed):
    chance = Random(seed)
    words = ["".join(chance.choices(ODD, k=chance.randrange(12))) for _ in range(250)]
    words += ["\\x41", "\\u0041", "\\N{BULLET}", "%41", "\\", "\\\\x"]

    answer = await send(http, "/all", {"tags": words})
    plain = await send(http, "/all", rb"tags=\x41\n%41&tags=%5Cx41&tags=%255Cx41&tags=%5c%5C")

    assert answer.text == repr((*DEFAULTS[:6], tuple(words), *DEFAULTS[7:]))
    assert plain.text == repr(
        (*DEFAULTS[:6], ("\\x41\\nA", "\\x41", "%5Cx41", "\\\\"), *DEFAULTS[7:])
    )


FLOODS = [
    b"name=" + b"%41" * 21_000,
    b"name=" + b"%41a" * 16_000,
    b"%6eame=" + b"+" * 65_000,
    b"name=" + b"%" * 65_000,
    b"=" * 65_000,
]


@pytest.mark.parametrize("body", FLOODS, ids=[repr(body[:12]) for body in FLOODS])
async def test_the_longest_form_takes_the_host_no_time(http, body):
    started = time.process_time()
    answer = await send(http, "/all", body)

    assert answer.status in {200, 400}
    assert time.process_time() - started < 0.2


OTHER_KINDS = [
    "multipart/form-data; boundary=x",
    "text/plain",
    "application/json",
    f"{KIND}; charset=latin-1",
    "",
    f"{KIND}x",
]


@pytest.mark.parametrize("kind", OTHER_KINDS)
async def test_only_forms_are_taken_and_the_refusal_says_how_they_are_sent(http, kind):
    answer = await send(
        http, "/empty", b"--x\r\ncontent-disposition: form-data", {"content-type": kind}
    )

    assert (answer.status, answer.json["code"]) == (415, "unsupported_media_type")
    assert "take enctype off <form>" in answer.json["detail"]


@pytest.mark.parametrize(
    "kind", [KIND, KIND.upper(), f"{KIND}; charset=UTF-8", f'{KIND};charset="utf-8"']
)
async def test_a_form_without_fields_is_one(http, kind):
    answer = await send(http, "/empty", b"", {"content-type": kind})

    assert answer.status == 303


async def test_a_body_has_a_limit_that_is_said(http):
    assert (await send(http, "/all", b"name=" + b"x" * 64 * 1024)).status == 413
    assert (await send(http, "/full", b"text=" + b"x" * 96)).status == 413
    fits = await send(http, "/full", b"text=" + b"x" * 95)
    assert (fits.status, fits.json["code"]) == (409, "already_exists")


async def test_errors_of_a_form_are_a_page_where_a_person_sent_it(http):
    wrong = await send(http, "/basket", {"product_id": "tea", "quantity": 99}, BROWSER)
    full = await send(http, "/full", {"text": "<b>"}, BROWSER)
    kind = await http.post("/empty", b"x", {"content-type": "multipart/form-data", **BROWSER})

    assert {one.headers["content-type"] for one in (wrong, full, kind)} == {
        "text/html; charset=utf-8"
    }
    assert (wrong.status, full.status, kind.status) == (400, 409, 415)
    assert "`quantity`: expected `int` &lt;= 10." in wrong.text
    assert "There is &lt;b&gt; already." in full.text


async def test_page_and_form_share_a_path_and_say_what_it_allows(http):
    assert (await http.get("/basket")).text == "basket"
    assert (await http.request("HEAD", "/basket")).status == 200
    options = await http.request("OPTIONS", "/basket")
    put = await http.request("PUT", "/basket")
    got = await http.get("/empty")

    assert (options.status, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    assert (put.status, put.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")
    assert (got.status, got.headers["allow"]) == (405, "OPTIONS, POST")


async def test_a_form_asks_who_sends_it():
    async with World(Shop) as world:
        assert (await send(world.http(), "/staff", {})).status == 401
        ada = Principal("member", "ada")
        assert (await send(world.http(ada), "/staff", {})).text == "staff"


async def test_a_form_is_no_part_of_the_contract(http):
    document = (await http.get("/openapi.json")).json
    connect = await http.post("/shop.v1.Shop/Add", {})

    assert list(document["paths"]) == ["/shop/v1/count"]
    assert connect.status == 404


NOISE = [
    b"name",
    b"count",
    b"tags",
    b"gift",
    b"=",
    b"&",
    b"%",
    b"%4",
    b"%00",
    b"%ff",
    b"%C3%A9",
    b"+",
    b";",
    b"\\",
    b"\\x",
    b"\0",
    b"\xff",
    b"1",
    b"on",
    b"null",
    b"__proto__",
    b"[",
    b"]",
    b" ",
    b"\r\n",
]
HEADS = [b"Cookie", b"Origin", b"Sec-Fetch-Site", b"Accept", b"Content-Type", b"X-Forwarded-Proto"]


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_is_sent_is_no_fault_of_ours(http, world, seed, caplog):
    chance = Random(seed)

    def noise(*left_out):
        parts = [part for part in NOISE if part not in left_out]
        return b"".join(chance.choices(parts, k=chance.randrange(9)))

    found = Counter()
    for _ in range(150):
        body = noise()
        lines = [
            chance.choice(HEADS) + b": " + noise(b"\0", b"\r\n") for _ in range(chance.randrange(2))
        ]
        if not any(line.startswith(b"Content-Type") for line in lines):
            lines.append(b"Content-Type: " + KIND.encode())
        head = b"\r\n".join(
            [b"POST /all HTTP/1.1", b"Host: shop", b"Content-Length: %d" % len(body), *lines]
        )
        async with await Peer.tcp(world.host) as peer:
            found[(await peer.ask(head + b"\r\n\r\n" + body)).status] += 1

    assert found[200] > 0
    assert found[400] > 0
    assert set(found) <= {200, 400, 403, 415}
    assert caplog.text == ""


# From another site.

OWN = [
    {"sec-fetch-site": "same-origin"},
    {"sec-fetch-site": "none"},
    {
        "sec-fetch-site": "same-origin",
        "origin": "https://evil.example",
    },  # the one scripts cannot set
    {"origin": "http://shop.example"},
    {"origin": "https://shop.example"},
    {"origin": "HTTPS://Shop.Example"},
    {"origin": "https://shop.example:443"},
    {"origin": "http://shop.example:80"},
    {"origin": "https://shop.example", "host": "shop.example:443"},
    {"origin": "http://shop.example:8080", "host": "shop.example:8080"},
    {"origin": "http://[::1]:8080", "host": "[::1]:8080"},
    {"origin": "http://[::1]", "host": "[::1]"},
    {"referer": "https://evil.example/"},
    {},
]


@pytest.mark.parametrize("headers", OWN, ids=str)
async def test_a_form_of_the_same_origin_is_taken_and_what_no_browser_sent(http, headers):
    answer = await send(http, "/empty", {}, {"host": "shop.example", **headers})

    assert answer.status == 303


OTHERS = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "cross-site", "origin": "https://shop.example"},
    {"sec-fetch-site": ""},
    {"sec-fetch-site": "none, cross-site"},
    {"sec-fetch-site": "whatever"},
    {"origin": "https://evil.example"},
    {"origin": "https://shop.example.evil.example"},
    {"origin": "https://evil-shop.example"},
    {"origin": "https://www.shop.example"},
    {"origin": "https://shop.example:8443"},
    {"origin": "https://shop.example", "host": "shop.example:80"},
    {"origin": "http://shop.example", "host": "shop.example:443"},
    {"origin": "https://shop.example@evil.example"},
    {"origin": "https://shop.example/"},
    {"origin": "https://shop.example, https://shop.example"},
    {"origin": "ftp://shop.example"},
    {"origin": "shop.example"},
    {"origin": "null"},
    {"origin": ""},
    {"origin": "https://"},
]


@pytest.mark.parametrize("headers", OTHERS, ids=str)
async def test_a_form_of_another_site_is_refused(http, headers):
    answer = await send(http, "/empty", {}, {"host": "shop.example", **headers})

    assert (answer.status, answer.json["code"]) == (403, "cross_site")


async def test_a_person_reads_why_a_form_was_refused(http):
    answer = await send(http, "/empty", {}, {"sec-fetch-site": "cross-site", **BROWSER})

    assert answer.status == 403
    assert "Sent from another site" in answer.text


async def test_a_page_may_be_led_to_from_anywhere(http):
    assert (await http.get("/basket", {"sec-fetch-site": "cross-site"})).status == 200


# Where it leads.

PLACES = ["/", "/basket", "/a/b?c=d&e=%20#f", "/~x/;p", "/%2F%2Fevil.example", "/a//b"]


@pytest.mark.parametrize("to", PLACES)
def test_a_redirect_leads_to_a_path(to):
    assert Redirect(to).to == to


ELSEWHERE = [
    "", "basket", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "https:/basket",
    "javascript:alert(1)", "/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example", "/basket\r\nset-cookie: a=b",
    "/basket\n", "/käse", "/a b", "/\0", "/\x7f", "?a=b", "#a", "/" + "a" * 2048,
]  # fmt: skip


@pytest.mark.parametrize("to", ELSEWHERE, ids=repr)
def test_a_redirect_that_would_leave_the_site_is_refused_when_it_is_made(to):
    with pytest.raises(ValueError, match="stays on its origin"):
        Redirect(to)


# How it is declared.


def declared(function, path="/x", **options):
    return type(
        "Odd",
        (Service,),
        {"x": form(path, **{"allow": PUBLIC, **options})(function), "count": Shop.count},
    )


class Line(Struct, frozen=True):
    sku: str


def takes(kind, default=...):
    async def x(self, given) -> Html: ...

    x.__annotations__["given"] = kind
    if default is not ...:
        x.__defaults__ = (default,)
    return x


async def text(self) -> str: ...
async def many(self) -> tuple[Html, ...]: ...


MISTAKES = {
    "a struct": (lambda: declared(takes(Line)), "given does not fit a form → a form carries scalars, tuples of them, and files"),
    "a map": (lambda: declared(takes(Mapping[str, str])), "given does not fit a form"),
    "tuples of tuples": (lambda: declared(takes(tuple[tuple[int, ...], ...])), "given does not fit a form"),
    "a box ticked before": (lambda: declared(takes(bool, True)), "given is True where nothing is sent, as of a box that is not ticked"),
    "a wrong default": (lambda: declared(takes(Annotated[int, Range(1)], 0)), "the default of given breaks its own rule"),
    "text": (lambda: declared(text), "is a form and answers no Html → write -> Html, -> Redirect or -> Html | Redirect"),
    "many": (lambda: declared(many), "is a form and answers no Html"),
    "nobody": (lambda: declared(takes(str), allow=None), "says not who may send it → say so: allow=PUBLIC"),
    "nowhere": (lambda: declared(takes(str), "x"), "its path 'x' cannot be served"),
    "another path": (lambda: declared(takes(str), "/x/{y}"), "the path names {y} → take an argument y: str"),
    "no room": (lambda: declared(takes(str), max_body=0), "has a limit below one"),
}  # fmt: skip


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_in_a_declaration_is_reported_with_its_remedy(case):
    make, expected = MISTAKES[case]

    with pytest.raises(DeclarationError) as caught:
        make()

    [problem] = caught.value.problems
    assert expected in problem


def test_the_rules_of_a_form_are_those_of_every_argument():
    made = declared(takes(Annotated[str, Pattern("^[a-z]+$"), Length(1, 5)], "tea"))

    [method] = made.__pages__
    assert (method.route.verb, method.route.path, method.idempotent) == ("POST", "/x", False)
