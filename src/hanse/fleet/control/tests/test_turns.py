"""Changes are made one after the other, and whoever waits for one is told how it went."""

import asyncio

import pytest

from hanse.fleet.control.api import TooManyChanges
from hanse.fleet.control.hosts.rollout import ChangeFailed
from hanse.fleet.control.turns import ASKED_MAX, CHANGES_MAX, Turns
from hanse.runtime.errors import Unavailable


async def until_idle(turns: Turns) -> None:
    async def nothing() -> None: ...

    await turns.wait_for("an end", nothing)


async def test_they_are_made_in_the_order_they_were_asked_for(turns: Turns) -> None:
    made: list[str] = []

    async def make(name: str) -> str:
        made.append(f"{name} begins")
        await asyncio.sleep(0)
        made.append(f"{name} ends")
        return name

    both = await asyncio.gather(
        turns.wait_for("one", lambda: make("one")), turns.wait_for("two", lambda: make("two"))
    )

    assert both == ["one", "two"]
    assert made == ["one begins", "one ends", "two begins", "two ends"]


async def test_who_waits_is_told_what_it_failed_with_and_nobody_else(turns: Turns) -> None:
    async def fail() -> None:
        raise ChangeFailed("It is too late.")

    with pytest.raises(ChangeFailed, match="too late"):
        await turns.wait_for("one", fail)
    assert turns.problems == ()
    turns.begin("another", fail)
    await until_idle(turns)
    assert turns.problems == ("It is too late.",)


async def test_it_is_made_to_its_end_though_whoever_waits_goes_away(turns: Turns) -> None:
    go, ended = asyncio.Event(), asyncio.Event()

    async def make() -> None:
        await go.wait()
        ended.set()

    waiting = asyncio.create_task(turns.wait_for("one", make))
    await asyncio.sleep(0)
    waiting.cancel()
    go.set()

    await asyncio.wait_for(ended.wait(), 5)


async def test_an_end_of_everything_comes_at_once_and_who_waits_is_let_go(turns: Turns) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def never() -> None:
        begun.set()
        await asyncio.Event().wait()

    async def end() -> None:
        ended.set()

    waiting = [asyncio.create_task(turns.wait_for(name, never)) for name in ("one", "two")]
    await begun.wait()

    turns.instead("stopping", end)

    await asyncio.wait_for(ended.wait(), 5)
    found = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(one) for one in found] == [Unavailable] * 2


async def test_no_more_wait_than_there_is_room_for(turns: Turns) -> None:
    go = asyncio.Event()

    async def make() -> None:
        await go.wait()

    for _ in range(CHANGES_MAX):
        turns.begin("by hand", make)
    with pytest.raises(TooManyChanges, match="hanse status"):
        turns.begin("by hand", make)
    waiting = [asyncio.create_task(turns.wait_for("asked", make)) for _ in range(ASKED_MAX)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyChanges, match="deployments"):
        await turns.wait_for("asked", make)
    go.set()
    await asyncio.gather(*waiting)


async def test_a_way_back_does_not_stand_in_line(turns: Turns) -> None:
    go, made = asyncio.Event(), []

    async def make(name: str) -> None:
        await go.wait()
        made.append(name)

    waiting = [
        asyncio.create_task(turns.wait_for(name, lambda name=name: make(name), first=first))
        for name, first in (("one", False), ("two", False), ("back", True))
    ]
    await asyncio.sleep(0)
    go.set()
    await asyncio.gather(*waiting)

    assert made == ["back", "one", "two"]
