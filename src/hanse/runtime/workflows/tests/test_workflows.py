"""A workflow goes on where it was: its steps, its rows, its waits, its versions."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from hanse.runtime.errors import InvalidArgument, NotFound
from hanse.runtime.workflows.tests.shop import Bank, Declined, Receipt, Shop, Wanted
from hanse.testing import World


@pytest.fixture
def bank() -> Bank:
    return Bank()


@pytest.fixture
async def world(bank: Bank):
    async with World(Shop, provided={Bank: bank}) as world:
        yield world


async def test_a_workflow_runs_its_steps_and_gives_its_result(world: World, bank: Bank) -> None:
    shop = world.get(Shop)
    started = await shop.begin(Wanted("a boat"))
    assert await shop.receipt(started) == Receipt("a boat", "paid 1")
    assert await shop.stand(started) == "done"
    assert (bank.log, await shop.items()) == (["a boat"], ("a boat",))


async def test_the_same_id_is_the_same_instance(world: World, bank: Bank) -> None:
    shop = world.get(Shop)
    for item in ("a boat", "another"):
        assert await shop.begin(Wanted(item), "order-7") == "order-7"
    assert await shop.receipt("order-7") == Receipt("a boat", "paid 1")
    assert bank.log == ["a boat"]
    assert await world.get(Shop, site="other").begin(Wanted("theirs"), "order-7") == "order-7"
    assert await world.get(Shop, site="other").receipt("order-7") == Receipt("theirs", "paid 1")


@pytest.mark.parametrize(
    "taken", [f"{UUID(int=7)}.0", "at 2026-01-01T09:00Z", "019b78c9-0a80-72b6-9140-c37a9a691ba2"]
)
async def test_what_the_runtime_calls_its_own_nobody_takes(world: World, taken: str) -> None:
    with pytest.raises(InvalidArgument, match="[Pp]ut a word"):
        await world.get(Shop).begin(Wanted("a boat"), taken)
    assert await world.get(Shop).begin(Wanted("a boat"), f"order {taken}") == f"order {taken}"


async def test_another_site_is_told_nothing_of_what_runs(world: World, bank: Bank) -> None:
    await world.catch_up()
    bank.ready.clear()
    started = await world.get(Shop).begin(Wanted("a boat"))
    strange = asyncio.create_task(world.get(Shop, site="other").receipt(started))
    bank.ready.set()
    assert await world.get(Shop).receipt(started) == Receipt("a boat", "paid 1")
    with pytest.raises(NotFound):
        await strange


async def test_a_start_is_a_part_of_the_transaction_around_it(world: World, bank: Bank) -> None:
    shop = world.get(Shop)
    with pytest.raises(Declined):
        await shop.order(Wanted("a boat"), "one", undone=True)
    with pytest.raises(NotFound):
        await shop.stand("one")
    await shop.order(Wanted("a boat"), "two")
    assert await shop.receipt("two") == Receipt("a boat", "paid 1")
    assert await shop.items() == ("a boat", "asked for a boat")
    assert bank.log == ["a boat"]


async def test_an_error_of_a_step_ends_it_as_it_was_raised(world: World) -> None:
    shop = world.get(Shop)
    started = await shop.begin(Wanted("a yacht", 1000))
    with pytest.raises(Declined) as failed:
        await shop.receipt(started)
    assert (failed.value.price, await shop.stand(started)) == (1000, "failed")


async def test_a_step_is_tried_again_under_the_same_key(world: World, bank: Bank) -> None:
    bank.fail = 2
    shop = world.get(Shop)
    await world.catch_up()
    started = await shop.begin(Wanted("a boat"))
    for _ in range(3):
        world.clock.advance(1)
        await world.catch_up()
    assert await shop.receipt(started) == Receipt("a boat", "paid 1")
    assert list(bank.keys.values()) == [3]


async def test_a_year_passes_in_a_moment(world: World, bank: Bank) -> None:
    shop = world.get(Shop)
    started = await shop.begin(Wanted("a boat", wait=365 * 86400))
    await world.catch_up()
    assert await shop.stand(started) == "waiting"
    world.clock.advance(364 * 86400)
    await world.catch_up()
    assert await shop.stand(started) == "waiting"
    world.clock.advance(86400)
    await world.catch_up()
    assert await shop.receipt(started) == Receipt("a boat", "paid 1")
    assert bank.log == ["a boat"]
