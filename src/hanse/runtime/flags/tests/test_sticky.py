"""Who drew a value of a sticky flag keeps it, when shares shrink and rules go, on every host."""

import asyncio

import pytest

from hanse.kit.clock import monotonic, wait_set
from hanse.runtime.data.database import Database
from hanse.runtime.data.people.erasing import Erasing
from hanse.runtime.data.people.exporting import Exporting
from hanse.runtime.data.people.person import person_of
from hanse.runtime.data.tests.servers import PATIENCE
from hanse.runtime.flags.amending import drawn_anew, switched_off
from hanse.runtime.flags.changes import change
from hanse.runtime.flags.draws import PENDING_MAX, UNITS_MAX
from hanse.runtime.flags.ruling import Audience, Rule, Ruling, Share
from hanse.runtime.flags.tests.test_flags import ADA, BOB, DECLARED, WHY, book_of, read, rule
from hanse.runtime.flags.tests.till import Till
from hanse.testing import World

ALL = Rule(shares=(Share(100, "drawn"),))
NOBODY = Rule(shares=(Share(0, "drawn"),))


async def drew(world, as_=ADA, site="") -> None:
    """Has somebody draw, and that be kept."""
    assert await read(world, "price", as_, site) == "drawn"
    await book_of(world).draws.write()


@pytest.fixture
async def other(till):
    """A second host of the same database, to which nobody came."""
    async with World(
        Till, provided={Database: Database(till.database.config, till.clock)}
    ) as world:
        yield world


async def follow(*worlds) -> None:
    for world in worlds:
        await book_of(world).look()


async def test_who_drew_keeps_it_when_the_share_shrinks(till, other) -> None:
    await rule(till, "price", ALL)
    await drew(till)

    await rule(till, "price", NOBODY)
    await follow(other)

    for world in (till, other):
        assert await read(world, "price", ADA) == "drawn"
        assert await read(world, "price", BOB) == "list"


@pytest.mark.parametrize(
    "after",
    [Rule(shares=(Share(100, "otherwise"),)), Rule(Audience(kinds=("staff",)), shares=(Share(100, "drawn"),)),
     Rule(Audience(kinds=("staff",)), "staff")],
)  # fmt: skip
async def test_and_when_rules_change_or_go(other, till, after) -> None:
    await rule(till, "price", ALL)
    await drew(till)

    await rule(till, "price", after)
    await follow(other)

    assert await read(other, "price", ADA) == "drawn"
    assert await read(other, "price", BOB) != "drawn"


async def test_what_is_said_for_all_is_for_those_too(till, other) -> None:
    await rule(till, "price", ALL)
    await drew(till)
    await rule(till, "price", Rule(Audience(principals=("ada",)), "hers"), NOBODY)
    await follow(other)
    assert await read(other, "price", ADA) == "hers"


async def test_off_is_off_for_who_drew_as_well(till, other) -> None:
    await rule(till, "price", ALL)
    await drew(till)
    await change(till.database, DECLARED["price"], switched_off, WHY)
    await follow(till, other)
    for world in (till, other):
        assert await read(world, "price", ADA) == "list"


async def test_another_site_keeps_nothing_of_it(till, other) -> None:
    await rule(till, "price", ALL)
    await drew(till, site="acme")
    await rule(till, "price", NOBODY)
    await follow(other)
    assert await read(other, "price", ADA, "acme") == "drawn"
    assert await read(other, "price", ADA, "globex") == "list"


async def test_a_new_round_forgets(till, other) -> None:
    await rule(till, "price", ALL)
    await drew(till)
    await change(till.database, DECLARED["price"], lambda _: drawn_anew(Ruling((NOBODY,))), WHY)
    await follow(till, other)
    for world in (till, other):
        assert await read(world, "price", ADA) == "list"

    await rule(till, "price", Rule(shares=(Share(100, "second"),)))
    assert await read(till, "price", ADA) == "second"
    await book_of(till).draws.write()
    await rule(till, "price", NOBODY)
    await follow(other)
    assert await read(other, "price", ADA) == "second"


async def test_a_visitor_keeps_it_under_a_key(till, other) -> None:
    await rule(till, "price", ALL)
    assert await till.get(Till).visitor("cookie1") == "drawn"
    await book_of(till).draws.write()
    await rule(till, "price", NOBODY)
    await follow(other)
    assert await other.get(Till).visitor("cookie1") == "drawn"
    assert await other.get(Till).visitor("cookie2") == "list"


async def test_of_two_hosts_the_first_to_write_counts(till, other) -> None:
    await rule(till, "price", ALL)
    assert await read(till, "price", ADA) == "drawn"
    await rule(till, "price", Rule(shares=(Share(100, "otherwise"),)))
    await follow(other)
    assert await read(other, "price", ADA) == "otherwise"

    await book_of(till).draws.write()
    await book_of(other).draws.write()

    for world in (till, other):
        assert await read(world, "price", ADA) == "drawn"


async def test_nothing_is_asked_while_shares_only_grow(till, other) -> None:
    for percent in (10, 50, 100):
        await rule(till, "price", Rule(shares=(Share(percent, "drawn"),)))
    await follow(other)
    assert await read(other, "price", ADA) == "drawn"
    assert not book_of(other).draws._loading
    assert not any(known.loaded for known in book_of(other).draws._units.values())


async def test_a_host_writes_by_itself_and_before_it_ends(till) -> None:
    await rule(till, "price", ALL)
    assert await read(till, "price", ADA) == "drawn"
    begun = monotonic()
    while not await till.database.fetch("select from hanse.flag_draw"):
        assert monotonic() < begun + PATIENCE
        await wait_set(asyncio.Event(), 0.02)

    async with World(Till, provided={Database: Database(till.database.config)}) as ending:
        assert await read(ending, "price", BOB) == "drawn"
    kept = await till.database.fetch("select unit from hanse.flag_draw")
    assert {row["unit"] for row in kept} == {"ada", "bob"}


async def test_where_the_database_is_away_lots_decide_and_nobody_waits_long(till, other) -> None:
    await rule(till, "price", ALL)
    await drew(till)
    await rule(till, "price", NOBODY)
    await follow(other)
    await till.database.execute("alter table hanse.flag_draw rename to gone")

    begun = monotonic()
    assert await read(other, "price", ADA) == "list"
    assert monotonic() - begun < PATIENCE
    assert book_of(other).draws.unloaded == 1

    await till.database.execute("alter table hanse.gone rename to flag_draw")
    assert await read(other, "price", ADA) == "drawn"


async def test_what_a_person_drew_goes_with_them(till) -> None:
    await rule(till, "price", ALL)
    await drew(till)
    await drew(till, BOB)
    await till.database.keys.open()
    ada = person_of(till.database.keys.ring, "default", "ada")
    exported = b"".join([piece async for piece in Exporting(till.database, ada).pieces()])
    assert b"checkout.price" in exported, exported
    assert b"drawn" in exported, exported
    erased = await Erasing(till.database, ada).run("eve")
    assert "hanse:Flags" in str(erased)
    assert [
        row["unit"] for row in await till.database.fetch("select unit from hanse.flag_draw")
    ] == ["bob"]


async def test_memory_is_bounded(till) -> None:
    await rule(till, "price", ALL)
    book = book_of(till)
    state = book.states["checkout.price"]
    outcome = state.as_drawn("drawn")
    for n in range(UNITS_MAX + 10):
        book.draws.keep("checkout.price", 0, ("acme", str(n)), outcome)
    assert len(book.draws._pending) == PENDING_MAX
    assert book.draws.lost == UNITS_MAX + 10 - PENDING_MAX
    book.draws._pending.clear()
    for n in range(UNITS_MAX + 10):
        book.draws._unit(("acme", f"u{n}"))
    assert len(book.draws._units) == UNITS_MAX
