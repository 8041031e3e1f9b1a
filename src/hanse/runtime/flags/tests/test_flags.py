"""Flags as a service reads them: typed, by what operators ruled, for the call that runs."""

import asyncio

import pytest

from hanse import (
    PUBLIC,
    ConfigurationError,
    DeclarationError,
    InvalidArgument,
    Principal,
    Service,
    rpc,
)
from hanse.flags import Flags, flag
from hanse.kit.clock import monotonic, wait_set
from hanse.runtime.data.tests.servers import PATIENCE
from hanse.runtime.flags.amending import switched_off, with_rule
from hanse.runtime.flags.book import Book
from hanse.runtime.flags.changes import Reasoned, change, history
from hanse.runtime.flags.ruling import NOTHING, Audience, Rule, Ruling, Share
from hanse.runtime.flags.tests.till import LAST_DAY, Checkout, Layout, Limits, Till
from hanse.testing import World

ADA, BOB = Principal("member", "ada"), Principal("member", "bob")
WHY = Reasoned("eve", "as agreed")
DECLARED = Checkout.__declared__

AUDIENCES = [
    (Audience(sites=("acme",)), ADA, "acme", "en", True),
    (Audience(sites=("acme",)), ADA, "globex", "en", False),
    (Audience(principals=("ada", "eve")), ADA, "acme", "en", True),
    (Audience(principals=("eve",)), ADA, "acme", "en", False),
    (Audience(kinds=("staff",)), Principal("staff", "ada"), "acme", "en", True),
    (Audience(kinds=("staff",)), ADA, "acme", "en", False),
    (Audience(permissions=("till.try",)), Principal("member", "ada", frozenset(("till.try",))), "acme", "en", True),
    (Audience(permissions=("till.try",)), ADA, "acme", "en", False),
    (Audience(permissions=("till.try",)), Principal("visitor", "", frozenset(("till.try",))), "acme", "en", False),
    (Audience(locales=("de",)), ADA, "acme", "de-AT", True),
    (Audience(locales=("de",)), ADA, "acme", "den", False),
    (Audience(sites=("acme",), kinds=("staff",)), ADA, "acme", "en", False),
    (Audience(), ADA, "acme", "en", True),
]  # fmt: skip

REFUSED = [
    ("new_tax", Rule(value="yes"), "rules[0].value", "true or false"),
    ("tries", Rule(value=10), "rules[0].value", "a whole number"),
    ("speed", Rule(value="warp"), "rules[0].value", '"slow" or "fast"'),
    ("layout", Rule(value="newer"), "rules[0].value", '"old" or "new"'),
    ("limits", Rule(value={}), "rules[0].value", "an object with items, total"),
    ("price", Rule(value="x" * 9000), "rules[0].value", "a text"),
    ("price", Rule(), "rules[0]", "value or shares"),
    ("price", Rule(value="a", shares=(Share(1, "b"),)), "rules[0]", "value or shares"),
    ("price", Rule(shares=(Share(-1, "a"),)), "rules[0].shares[0].percent", "0 <= percent <= 100"),
    ("price", Rule(shares=(Share(60, "a"), Share(41, "b"))), "rules[0].shares", "sum of percent <= 100"),
    ("price", Rule(shares=(Share(1, "a"),) * 11), "rules[0].shares", "length <= 10"),
    ("price", Rule(Audience(principals=("x",) * 1001), "a"), "rules[0].audience.principals", "length <= 1000, each 1 to 200 characters"),
    ("price", Rule(Audience(sites=("",)), "a"), "rules[0].audience.sites", "length <= 1000, each 1 to 200 characters"),
]  # fmt: skip


async def rule(world, field, *rules, because=WHY):
    """Rules of a flag, in place of all that was ruled, and has the host of the world follow."""
    made = await change(
        world.database, DECLARED[field], lambda old: Ruling(rules, round=old.round), because
    )
    await book_of(world).look()
    return made


def book_of(world):
    return world.host.background.made[Book]


def read(world, name, as_=ADA, site=""):
    return world.get(Till, as_=as_, site=site).read(name)


async def test_nobody_ruled_so_it_is_as_in_the_code() -> None:
    async with World(Till) as world:
        read_ = {name: await read(world, name) for name in DECLARED}
    assert read_ == {
        "new_tax": "False", "price": "list", "layout": "Layout.OLD", "tries": "3", "rate": "0.5", "speed": "slow",
        "limits": "Limits(items=10, total=100.0)",
    }  # fmt: skip


async def test_each_type_is_had_as_the_code_has_it() -> None:
    values = {
        "new_tax": True,
        "price": "half",
        "layout": "new",
        "tries": 9,
        "rate": 1,
        "speed": "fast",
        "limits": {"items": 3},
    }
    async with World(Till) as world:
        for name, value in values.items():
            await rule(world, name, Rule(value=value))
        read_ = {name: await read(world, name) for name in DECLARED}
    assert read_ == {
        "new_tax": "True", "price": "half", "layout": "Layout.NEW", "tries": "9", "rate": "1.0", "speed": "fast",
        "limits": "Limits(items=3, total=100.0)",
    }  # fmt: skip


async def test_a_rule_is_for_its_audience_alone(till) -> None:
    for audience, who, site, locale, fits in AUDIENCES:
        await rule(till, "new_tax", Rule(audience, True))
        with till.as_(who, site=site, locale=locale):
            assert await till.get(Till).read("new_tax") == str(fits), audience


async def test_the_first_rule_that_has_an_answer_decides(till) -> None:
    await rule(
        till, "price",
        Rule(Audience(principals=("ada",)), "hers"),
        Rule(Audience(kinds=("member",)), shares=(Share(0, "none"),)),
        Rule(Audience(kinds=("member",)), "members"),
        Rule(value="all"),
    )  # fmt: skip
    assert await read(till, "price", ADA) == "hers"
    assert await read(till, "price", BOB) == "members"
    assert await read(till, "price", Principal("staff", "bob")) == "all"


async def test_two_sites_never_share_a_rule_nor_a_lot(till) -> None:
    await rule(till, "new_tax", Rule(Audience(sites=("acme",)), True))
    assert await read(till, "new_tax", site="acme") == "True"
    assert await read(till, "new_tax", site="globex") == "False"

    await rule(till, "new_tax", Rule(shares=(Share(50, True),)))
    drawn = [
        (await read(till, "new_tax", Principal("member", f"m{n}"), site=site))
        for site in ("acme", "globex")
        for n in range(64)
    ]
    assert drawn[:64] != drawn[64:]


async def test_a_running_host_follows_by_itself(till) -> None:
    assert await read(till, "new_tax") == "False"
    begun = monotonic()
    await change(till.database, DECLARED["new_tax"], lambda _: Ruling((Rule(value=True),)), WHY)
    while await read(till, "new_tax") != "True":
        assert monotonic() < begun + PATIENCE
        await wait_set(asyncio.Event(), 0.02)


async def test_off_is_the_default_for_everybody(till) -> None:
    await rule(
        till,
        "price",
        Rule(Audience(principals=("ada",)), "hers"),
        Rule(shares=(Share(100, "drawn"),)),
    )
    assert {await read(till, "price", who) for who in (ADA, BOB)} == {"hers", "drawn"}

    await change(till.database, DECLARED["price"], switched_off, WHY)
    await book_of(till).look()

    assert {await read(till, "price", who) for who in (ADA, BOB)} == {"list"}


async def test_what_cannot_be_read_is_the_default_and_is_told(till, caplog) -> None:
    await rule(till, "speed", Rule(value="fast"))
    await rule(till, "new_tax", Rule(value=True))
    newer = (
        b'{"rules": [{"value": "faster"}]}',
        b'{"rules": [{"value": "fast", "phases_of_the_moon": [1]}]}',
        b'{"rules": 5}',
    )
    for written in newer:
        await till.database.execute(
            "update hanse.flag set ruling = $1 where name = 'checkout.speed'", written
        )
        await till.database.execute(
            "update hanse.flag_change set revision = revision + 100 where revision = (select max(revision) from hanse.flag_change)"
        )
        await book_of(till).look()

        assert await read(till, "speed") == "slow"
        assert await read(till, "new_tax") == "True"
        state = book_of(till).states["checkout.speed"]
        assert state.unreadable in caplog.text
    assert "checkout.speed cannot be read here, so its default holds" in caplog.text

    await rule_again(till)
    assert await read(till, "speed") == "fast"
    assert not book_of(till).states["checkout.speed"].unreadable


async def rule_again(world):
    await world.database.execute("delete from hanse.flag where name = 'checkout.speed'")
    await rule(world, "speed", Rule(value="fast"))


async def test_reading_one_never_fails(till) -> None:
    await rule(till, "new_tax", Rule(shares=(Share(100, True),)))
    state = book_of(till).states["checkout.new_tax"]
    for key in ("\ud800", "x"):
        state.of(key)  # outside of a call nobody draws
    assert state.failed == 0
    flags = await Checkout._made(book_of(till).serve(DECLARED), book_of(till)).keyed("\ud800")
    with till.as_(ADA):
        assert flags.new_tax is False
    assert state.failed == 1


async def test_outside_of_a_call_it_is_what_all_have(till) -> None:
    flags = Checkout._made(book_of(till).serve(DECLARED), book_of(till))
    await rule(till, "new_tax", Rule(value=True))
    await rule(till, "price", Rule(shares=(Share(100, "drawn"),)))
    assert flags.new_tax is True
    assert flags.price == "list"


async def test_what_cannot_be_ruled_is_refused_by_field_and_rule(till) -> None:
    for field, made, broken, expected in REFUSED:
        with pytest.raises(InvalidArgument) as refused:
            await rule(till, field, made)
        assert (broken, expected) in {(one.field, one.rule) for one in refused.value.violations}
        assert await history(till.database, DECLARED[field].name) == []


async def test_fifty_rules_are_the_most(till) -> None:
    rules = [Rule(Audience(principals=(str(n),)), "a") for n in range(51)]
    await rule(till, "price", *rules[:50])
    with pytest.raises(InvalidArgument, match="length <= 50"):
        await rule(till, "price", *rules)


def test_all_mistakes_of_a_class_are_told_at_once() -> None:
    with pytest.raises(DeclarationError) as told:

        class Wrong(Flags):
            nobody = flag(False, owner="", until=None, doc="x")
            silent = flag(False, owner="x", until=None, doc=" ")
            endless = flag(False, owner="x", until="2027", doc="x")
            listed = flag([1], owner="x", until=None, doc="x")
            other = flag("a", owner="x", until=None, doc="x", kind=int)
            Upper = flag(False, owner="x", until=None, doc="x")
            fixed = flag(False, owner="x", until=None, doc="x")

    said = "\n".join(told.value.problems)
    for field in ("nobody", "silent", "endless", "listed", "other", "Upper", "fixed"):
        assert f"{field}: " in said
    with pytest.raises(DeclarationError, match="there are none"):
        type("Nothing", (Flags,), {})


def test_nobody_sets_one_in_code() -> None:
    flags = Checkout.fixed(new_tax=True)
    with pytest.raises(AttributeError, match="hanse flag set"):
        flags.new_tax = False


async def test_a_test_says_what_they_are() -> None:
    flags = Checkout.fixed(new_tax=True, layout=Layout.NEW, limits=Limits(1))
    assert (flags.new_tax, flags.price, flags.layout, flags.limits) == (
        True,
        "list",
        Layout.NEW,
        Limits(1),
    )
    async with World(Till, provided={Checkout: flags}) as world:
        assert await read(world, "new_tax") == "True"
    with pytest.raises(ValueError, match="no flag newtax; known are new_tax, price"):
        Checkout.fixed(newtax=True)
    with pytest.raises(ValueError, match="true or false"):
        Checkout.fixed(new_tax="yes")
    with pytest.raises(ValueError, match="1 to 200"):
        await flags.keyed("")


async def test_two_flags_of_one_name_are_refused() -> None:
    class Other(Flags, name="checkout"):
        new_tax = flag(True, owner="others", until=LAST_DAY, doc="Something else.")

    class Elsewhere(Service, package="other.v1"):
        """Has another."""

        def __init__(self, flags: Other) -> None: ...

        @rpc(allow=PUBLIC)
        async def nothing(self) -> None:
            """Nothing."""

    with pytest.raises(ConfigurationError, match="Two classes of flags declare checkout.new_tax"):
        async with World(Till, Elsewhere):
            pass


def test_a_rule_takes_the_place_of_the_one_for_the_same() -> None:
    hers, staff = Audience(principals=("ada",)), Audience(kinds=("staff",))
    one = with_rule(with_rule(NOTHING, Rule(value="all")), Rule(hers, "hers"))
    two = with_rule(with_rule(one, Rule(staff, "staff")), Rule(hers, "other"))
    assert [(rule.audience, rule.value) for rule in two.rules] == [
        (staff, "staff"),
        (hers, "other"),
        (Audience(), "all"),
    ]
