"""People see what workflows do: in numbers, and in traces that say who began them."""

from __future__ import annotations

from uuid import UUID

import pytest

from hanse.runtime.telemetry.trace_context import parse
from hanse.runtime.workflows.tests.shop import Bank, Declined, Shop, Wanted
from hanse.testing import World

PLACE = 'workflow="shop.v1.Shop/Place"'


@pytest.fixture
def bank() -> Bank:
    return Bank()


@pytest.fixture
async def world(bank: Bank):
    async with World(Shop, provided={Bank: bank}) as world:
        yield world


def numbers(world: World) -> dict[str, float]:
    lines = world.host.metrics.prometheus().splitlines()
    told = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in told}


async def test_what_begins_ends_waits_and_fails_is_counted(world: World, bank: Bank) -> None:
    shop = world.get(Shop)
    await world.catch_up()
    bank.fail = 1
    await shop.begin(Wanted("a boat"), "boat")
    for _ in range(3):
        await world.catch_up()
        world.clock.advance(1)
    await shop.receipt("boat")
    with pytest.raises(Declined):
        await shop.receipt(await shop.begin(Wanted("a yacht", 1000)))
    await shop.begin(Wanted("later", wait=86400))
    await world.catch_up()
    found = numbers(world)
    assert found[f"hanse_workflows_started_total{{{PLACE}}}"] == 3
    assert found[f'hanse_workflows_ended_total{{outcome="done",{PLACE}}}'] == 1
    assert found[f'hanse_workflows_ended_total{{outcome="failed",{PLACE}}}'] == 1
    (count,) = (
        value
        for name, value in found.items()
        if name.startswith("rpc_server_duration_seconds_count") and '"Place.charge"' in name
    )
    assert count == 4, "each try is timed"
    watch = shop_watch(world)
    watch._next_count = 0
    await watch.look(0, world.clock.now())
    world.clock.advance(7)
    await watch.look(2, world.clock.now())
    found = numbers(world)
    assert (found["hanse_workflows_running"], found["hanse_workflows_waiting"]) == (2, 1)
    assert found["hanse_workflows_held"] == 0


async def test_a_run_and_its_steps_are_one_trace_that_names_its_starter(
    world: World, bank: Bank
) -> None:
    shop = world.get(Shop)
    await world.catch_up()
    started = await shop.begin(Wanted("a yacht", 1000))
    with pytest.raises(Declined):
        await shop.receipt(started)
    spans = [one for one in world.host.spans.drain() if one.trace_id == UUID(started).hex]
    by_name = {one.name: one for one in spans}
    step, run = by_name["shop.v1.Shop/Place.charge"], by_name["shop.v1.Shop/Place"]
    assert (step.code, run.code) == ("declined", "failed")
    assert step.parent_id == run.span_id
    told = dict(run.attributes)
    assert told["workflow.id"] == started
    begun = parse(told["link.traceparent"], None)
    assert begun is not None
    assert begun.trace_id != run.trace_id


def shop_watch(world: World):
    return world.host._services[0]._workflows._engine.watch


async def test_each_try_of_a_step_is_work_of_its_host(world: World, bank: Bank) -> None:
    shop = world.get(Shop)
    await world.catch_up()
    tally = world.host._instruments.tally
    before = tally.figures({})
    bank.fail = 1
    await shop.begin(Wanted("a boat"), "boat")
    for _ in range(3):
        await world.catch_up()
        world.clock.advance(1)
    told = tally.figures({})
    assert told.failed == before.failed + 1, "the first try"
    assert told.failures[-1][2] == "service:shop.v1.Shop"
    tried = numbers(world)
    steps = sum(
        value
        for name, value in tried.items()
        if name.startswith("rpc_server_duration_seconds_count") and '"Place.' in name
    )
    assert told.requests == before.requests + steps, "the test itself acts inside of a call"
