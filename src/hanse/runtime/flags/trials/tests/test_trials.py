"""What is tried of a flag holds as long as somebody says so, and not a moment longer."""

from datetime import timedelta

import pytest

from hanse import InvalidArgument, Principal
from hanse.kit.clock import monotonic
from hanse.runtime.data.database import Database
from hanse.runtime.flags.amending import switched_off, tried
from hanse.runtime.flags.changes import change
from hanse.runtime.flags.ruling import Audience, Rule, Ruling, Share
from hanse.runtime.flags.tests.test_flags import ADA, DECLARED, WHY, book_of, read, rule
from hanse.runtime.flags.tests.till import Till
from hanse.runtime.flags.trials import tries
from hanse.runtime.flags.trials.trial import Trial, TriedElsewhere, give, revision_of, withdraw
from hanse.testing import World

EVERYBODY = Audience()
PRICE = "checkout.price"


@pytest.fixture
async def till():
    async with World(Till) as world:
        yield world


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch):
    """Seconds that never jump, but by the test."""
    now = [monotonic()]
    monkeypatch.setattr(tries, "monotonic", lambda: now[0])

    def advance(seconds: float) -> None:
        now[0] += seconds

    return advance


def step(percent: float, value: object = "half", deployment: str = "d1") -> Trial:
    ruling, _ = tried(Ruling(), EVERYBODY, Share(percent, value), "principal")
    return Trial(deployment=deployment, step=f"{percent:g} %", ruling=ruling, watch_seconds=0.0)


async def try_(world, trial: Trial, revision: int = 0) -> bool:
    given = await give(world.database, PRICE, trial, revision)
    await book_of(world).look()
    return given


async def test_it_holds_instead_of_what_was_ruled_until_it_is_withdrawn(till) -> None:
    await rule(till, "price", Rule(value="all"))
    revision = await revision_of(till.database, PRICE)

    assert await try_(till, step(100), revision)
    assert await read(till, "price") == "half"

    await withdraw(till.database, PRICE, "d1")
    await book_of(till).look()
    assert await read(till, "price") == "all"


async def test_it_ends_by_itself_when_nobody_says_so_again(till, clock) -> None:
    """Whoever judges is dead, and the database as well: no look comes through."""
    await try_(till, step(100))
    clock(8)
    assert await read(till, "price") == "half"
    await try_(till, step(100))
    clock(8)
    book_of(till)._try()
    assert await read(till, "price") == "half"

    clock(3)
    book_of(till)._try()

    assert await read(till, "price") == "list"


async def test_a_host_that_begins_does_not_take_what_is_over(till) -> None:
    await try_(till, step(100))
    await till.database.execute(
        "update hanse.flag_trial set until_time = until_time - $1::interval", timedelta(seconds=11)
    )

    same = Database(till.database.config, till.clock)
    async with World(Till, provided={Database: same}) as other:
        assert await read(other, "price") == "list"


async def test_what_an_operator_says_holds_at_once_and_ends_it(till) -> None:
    await try_(till, step(100))

    await change(till.database, DECLARED["price"], switched_off, WHY)
    await book_of(till).look()

    assert await read(till, "price") == "list"
    assert not await try_(till, step(100)), "whoever judges is told"
    assert await read(till, "price") == "list"


async def test_two_do_not_try_one_flag(till) -> None:
    await try_(till, step(1))

    with pytest.raises(TriedElsewhere, match="d1"):
        await try_(till, step(1, deployment="d2"))


async def test_what_a_release_cannot_read_is_not_tried_there(till) -> None:
    await rule(till, "price", Rule(value="all"))

    await try_(till, step(100, 7), await revision_of(till.database, PRICE))

    assert await read(till, "price") == "all"
    assert book_of(till).drawings()[PRICE].trial == ""


async def test_nobody_keeps_what_they_drew_in_it(till) -> None:
    """The flag is sticky, and goes back to where it was all the same."""
    half = Rule(shares=(Share(0.001, "half"),))
    await rule(till, "price", half)
    revision = await revision_of(till.database, PRICE)
    await try_(till, step(100), revision)
    assert await read(till, "price") == "half"
    await book_of(till).draws.write()

    await withdraw(till.database, PRICE, "d1")
    await book_of(till).look()

    assert await read(till, "price") == "list"


async def test_it_is_counted_by_steps_and_each_who_fails_once(till) -> None:
    counted = book_of(till).states[PRICE].principals
    for percent in (50, 75, 100):
        await try_(till, step(percent))
        for name in ("ada", "bob", "eve"):
            await read(till, "price", Principal("member", name))
        for unit, seen in counted.seen.items():
            seen.failed = unit[1] == "bob"

        found = book_of(till).drawings()[PRICE]

        assert (found.trial, found.drew) == (f"d1 {percent} %", 3)
    assert sum(found.watched.values()) == 9
    assert found.watched['"half"'] >= 3
    [(number, _, who)] = found.failures
    assert (number, len(who)) == (1, 16)
    assert "bob" not in who


async def test_another_deployment_counts_from_nothing(till) -> None:
    for deployment in ("d1", "d2"):
        await try_(till, step(100, deployment=deployment))
        await read(till, "price", ADA)
        assert book_of(till).drawings()[PRICE].watched == {'"half"': 1}
        await withdraw(till.database, PRICE, deployment)
        await book_of(till).look()


@pytest.mark.parametrize(
    ("before", "shares"),
    [
        (Ruling(), (Share(5, "half"),)),
        (Ruling((Rule(value="all"),)), (Share(5, "half"), Share(95, "all"))),
        (Ruling((Rule(shares=(Share(1, "half"),)),)), (Share(5, "half"),)),
        (Ruling((Rule(Audience(sites=("a",)), "x"),)), (Share(5, "half"),)),
        (Ruling(off=True), (Share(5, "half"),)),
    ],
)
def test_others_keep_what_they_have(before, shares) -> None:
    ruling, _ = tried(before, EVERYBODY, Share(5, "half"), "principal")

    assert ruling.rules[-1].shares == shares
    assert ruling.rules[:-1] == tuple(one for one in before.rules if one.audience != EVERYBODY)
    assert not ruling.narrowed
    assert not ruling.off


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (Rule(value="half"), "have that value already"),
        (Rule(shares=(Share(6, "half"),)), "More than 5 %"),
        (Rule(shares=(Share(1, "half"), Share(1, "third"))), "hanse flag set"),
    ],
)
def test_what_cannot_be_compared_is_not_tried(rule, why) -> None:
    with pytest.raises(InvalidArgument, match=why):
        tried(Ruling((rule,)), EVERYBODY, Share(5, "half"), "principal")
