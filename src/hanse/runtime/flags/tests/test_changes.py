"""Who changed what, when and why: kept with the change, whoever is at it at the same time."""

import asyncio

import pytest

from hanse import InvalidArgument
from hanse.runtime.flags.amending import with_rule
from hanse.runtime.flags.changes import Reasoned, change, history, ruled
from hanse.runtime.flags.ruling import NOTHING, Audience, Rule
from hanse.runtime.flags.tests.till import Checkout
from hanse.testing.world import MORNING

TAX, PRICE = Checkout.__declared__["new_tax"], Checkout.__declared__["price"]


async def test_a_change_is_kept_with_what_was_before(till) -> None:
    first = await change(
        till.database,
        TAX,
        lambda old: with_rule(old, Rule(value=True)),
        Reasoned("eve", "law of July"),
    )
    till.clock.advance(60)
    await change(
        till.database,
        PRICE,
        lambda old: with_rule(old, Rule(value="x")),
        Reasoned("eve", "another"),
    )
    second = await change(
        till.database,
        TAX,
        lambda old: with_rule(old, Rule(value=False)),
        Reasoned("bob", "it broke"),
    )

    assert await history(till.database, TAX.name) == [second, first]
    assert (first.who, first.reason, first.change_time, first.before) == (
        "eve",
        "law of July",
        MORNING,
        NOTHING,
    )
    assert second.before == first.after
    assert (second.change_time - first.change_time).total_seconds() == 60
    assert (await ruled(till.database))[TAX.name].ruling == second.after


async def test_changes_at_once_follow_one_another_and_none_is_lost(till) -> None:
    async def add(n: int) -> None:
        rule = Rule(Audience(principals=(f"m{n}",)), value=True)
        await change(
            till.database, TAX, lambda old: with_rule(old, rule), Reasoned(f"m{n}", "me too")
        )

    await asyncio.gather(*(add(n) for n in range(12)))

    kept = list(reversed(await history(till.database, TAX.name)))
    assert [one.revision for one in kept] == list(range(1, 13))
    assert kept[0].before == NOTHING
    assert [one.before for one in kept[1:]] == [one.after for one in kept[:-1]]
    assert len(kept[-1].after.rules) == 12


async def test_no_change_without_its_record_and_no_record_without_its_change(till) -> None:
    await till.database.execute(
        "alter table hanse.flag add constraint none_ check (false) not valid"
    )
    with pytest.raises(Exception):
        await change(
            till.database, TAX, lambda old: with_rule(old, Rule(value=True)), Reasoned("eve", "x")
        )
    assert await history(till.database, TAX.name) == []
    assert await ruled(till.database) == {}


@pytest.mark.parametrize(
    "because", [Reasoned("", "x"), Reasoned("eve", "  "), Reasoned("eve", "x" * 501)]
)
async def test_who_and_why_have_to_be_said(till, because) -> None:
    with pytest.raises(InvalidArgument, match="in (200|500) characters at most"):
        await change(till.database, TAX, lambda old: with_rule(old, Rule(value=True)), because)
    assert await history(till.database, TAX.name) == []
