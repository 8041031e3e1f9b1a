"""Flags as programs outside are told of them, over HTTP, by OFREP."""

import pytest

from hanse import Principal
from hanse.flags import Ofrep
from hanse.runtime.flags.ruling import Audience, Rule, Share
from hanse.runtime.flags.tests.test_flags import rule
from hanse.runtime.flags.tests.till import Checkout, Till
from hanse.testing import World

MAY = Principal("app", "web", frozenset(("hanse.flags.read",)))
ONE, ALL = "/ofrep/v1/evaluate/flags/checkout.", "/ofrep/v1/evaluate/flags"


class Told(Ofrep, package="ofrep.v1"):
    """Tells of the till."""

    def __init__(self, checkout: Checkout) -> None:
        super().__init__(checkout)


@pytest.fixture
async def told():
    async with World(Told, Till) as world:
        yield world


async def ask(world, path, context=None, as_=MAY, site="", **headers):
    body = {} if context is None else {"context": context}
    return await world.http(as_, site=site).post(path, body, headers)


async def test_one_flag_is_told_with_its_reason(told) -> None:
    await rule(
        told,
        "limits",
        Rule(Audience(principals=("ada",)), {"items": 3}),
        Rule(shares=(Share(100, {"items": 5}),)),
    )
    answer = await ask(told, f"{ONE}limits", {"targetingKey": "ada", "email": ["ignored"]})
    assert answer.status == 200
    assert answer.json == {
        "key": "checkout.limits", "value": {"items": 3, "total": 100.0}, "reason": "TARGETING_MATCH", "variant": '{"items":3}',
        "metadata": {"owner": "shop"},
    }  # fmt: skip
    assert (await ask(told, f"{ONE}limits", {"targetingKey": "bob"})).json["reason"] == "SPLIT"
    plain = (await ask(told, f"{ONE}layout")).json
    assert (plain["value"], plain["reason"], plain["variant"]) == ("old", "DEFAULT", "default")
    assert plain["metadata"] == {"owner": "shop", "until": "2026-06-30"}


async def test_what_the_context_says_counts_for_rules(told) -> None:
    await rule(
        told, "price",
        Rule(Audience(kinds=("staff",)), "staff"), Rule(Audience(locales=("de",)), "de"), Rule(Audience(permissions=("till.try",)), "try"),
    )  # fmt: skip
    for context, value in (
        ({"targetingKey": "ada"}, "list"),
        ({"targetingKey": "ada", "kind": "staff"}, "staff"),
        ({"targetingKey": "ada", "locale": "de-AT"}, "de"),
        ({"targetingKey": "ada", "permissions": ["till.try"]}, "try"),
    ):
        assert (await ask(told, f"{ONE}price", context)).json["value"] == value


async def test_all_flags_come_at_once_and_not_again_while_they_are_the_same(told) -> None:
    answer = await ask(told, ALL, {"targetingKey": "ada"})
    assert [one["key"] for one in answer.json["flags"]] == [
        one.name for one in Checkout.__declared__.values()
    ]
    tag = answer.headers["etag"]

    again = await ask(told, ALL, {"targetingKey": "ada"}, **{"if-none-match": tag})
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    await rule(told, "new_tax", Rule(value=True))
    changed = await ask(told, ALL, {"targetingKey": "ada"}, **{"if-none-match": tag})
    assert changed.status == 200
    assert changed.headers["etag"] != tag


async def test_nobody_is_told_who_may_not_ask(told) -> None:
    for path in (ALL, f"{ONE}price"):
        for who, status in (
            (Principal(), 401),
            (Principal("member", "ada"), 403),
            (Principal("app", "web", frozenset(("other.one",))), 403),
        ):
            answer = await ask(told, path, as_=who)
            assert answer.status == status
            assert "flags" not in answer.json and "value" not in answer.json


async def test_another_site_is_not_told_of_whatever_is_sent(told) -> None:
    await rule(told, "price", Rule(Audience(sites=("acme",)), "secret"))
    context = {"targetingKey": "ada", "site": "acme"}
    assert (await ask(told, f"{ONE}price", context, site="globex")).json["value"] == "list"
    assert (await ask(told, f"{ONE}price", context, site="acme")).json["value"] == "secret"


async def test_what_is_wrong_is_said_as_the_protocol_has_it(told) -> None:
    async def failed(path, context):
        answer = await ask(told, path, context)
        return answer.status, answer.json["errorCode"], answer.json.get("key")

    assert await failed(f"{ONE}gone", {}) == (404, "FLAG_NOT_FOUND", "checkout.gone")
    for context in (
        {"targetingKey": 5},
        {"targetingKey": "x" * 201},
        {"kind": "king"},
        {"permissions": "all"},
        {"permissions": ["x"] * 101},
    ):
        assert await failed(f"{ONE}price", context) == (400, "INVALID_CONTEXT", "checkout.price"), (
            context
        )
    assert await failed(ALL, ["no object"]) == (400, "PARSE_ERROR", None)


async def test_who_drew_keeps_it_here_as_well(told) -> None:
    from hanse.runtime.flags.tests.test_flags import book_of

    await rule(told, "price", Rule(shares=(Share(100, "drawn"),)))
    assert (await ask(told, f"{ONE}price", {"targetingKey": "ada"})).json["value"] == "drawn"
    book = book_of(told)
    await book.draws.write()
    book.draws._units.clear()  # as in another host
    await rule(told, "price", Rule(shares=(Share(0, "drawn"),)))
    kept = (await ask(told, f"{ONE}price", {"targetingKey": "ada"})).json
    assert (kept["value"], kept["reason"]) == ("drawn", "CACHED")
    assert (await ask(told, f"{ONE}price", {"targetingKey": "bob"})).json["value"] == "list"
