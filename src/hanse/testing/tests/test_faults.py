"""Faults between services: drawn from a seed, felt by services, spared to the test itself."""

from collections.abc import AsyncIterator

import pytest

from hanse import PUBLIC, Service, rpc
from hanse.runtime.errors import DeadlineExceeded, Unavailable
from hanse.testing import Faults, World


class Counter:
    def __init__(self) -> None:
        self.calls = 0


class Cart(Service):
    def __init__(self, counter: Counter) -> None:
        self.counter = counter

    @rpc("POST /cart/v1/adds", allow=PUBLIC)
    async def add(self) -> int:
        self.counter.calls += 1
        return self.counter.calls

    @rpc("GET /cart/v1/items", allow=PUBLIC)
    async def items(self) -> AsyncIterator[int]:
        yield 1
        yield 2


class Shop(Service):
    def __init__(self, cart: Cart) -> None:
        self.cart = cart

    @rpc("POST /shop/v1/buys", allow=PUBLIC, timeout=0.2)
    async def buy(self) -> str:
        try:
            await self.cart.add()
        except Unavailable:
            return "failed"
        return "bought"

    @rpc("POST /shop/v1/lists", allow=PUBLIC)
    async def items(self) -> tuple[int, ...]:
        found: list[int] = []
        try:
            async for item in self.cart.items():
                found.append(item)
        except Unavailable:
            found.append(-1)
        return tuple(found)


@pytest.fixture(params=[False, True], ids=["together", "apart"])
def apart(request):
    return request.param


async def run(faults, apart, calls=30):
    counter = Counter()
    world = World(Shop, Cart, provided={Counter: counter}, faults=faults, apart=apart)
    async with world:
        shop = world.get(Shop)
        return [await shop.buy() for _ in range(calls)], counter.calls


async def test_a_seed_draws_the_same_faults_again(apart):
    first, done = await run(Faults(7, failure_rate=0.5), apart)
    again = await run(Faults(7, failure_rate=0.5), apart)
    other, _ = await run(Faults(8, failure_rate=0.5), apart)

    assert again == (first, done)
    assert first != other
    assert {"failed", "bought"} == set(first)
    # Some failed on the way back: then the work was done.
    assert first.count("bought") < done < len(first)


async def test_no_rate_no_faults_and_all_is_all(apart):
    assert set((await run(Faults(1), apart))[0]) == {"bought"}
    assert set((await run(Faults(1, failure_rate=1), apart))[0]) == {"failed"}


async def test_the_tests_own_calls_are_spared(apart):
    faults = Faults(1, failure_rate=1)
    counter = Counter()
    async with World(Cart, provided={Counter: counter}, faults=faults, apart=apart) as world:
        assert await world.get(Cart).add() == 1
        assert [item async for item in world.get(Cart).items()] == [1, 2]


async def test_a_stream_fails_before_or_after_its_first_item(apart):
    faults = Faults(3, failure_rate=1)
    world = World(Shop, Cart, provided={Counter: Counter()}, faults=faults, apart=apart)
    async with world:
        shop = world.get(Shop)
        assert {await shop.items() for _ in range(20)} == {(-1,), (1, -1)}


async def test_latency_holds_calls_up_until_the_deadline(apart):
    faults = Faults(1, latency=1000)
    world = World(Shop, Cart, provided={Counter: Counter()}, faults=faults, apart=apart)
    async with world:
        with pytest.raises(DeadlineExceeded):
            await world.get(Shop).buy()
    async with World(
        Shop, Cart, provided={Counter: Counter()}, faults=Faults(1, latency=0.001), apart=apart
    ) as world:
        assert await world.get(Shop).buy() == "bought"


async def test_a_failing_test_tells_its_seed():
    with pytest.raises(AssertionError) as caught:
        async with World(faults=Faults(latency=0.5)) as world:
            assert world is None

    [note] = caught.value.__notes__
    assert note.startswith("The world had Faults(seed=")
    assert note.endswith(", latency=0.5, failure_rate=0.0).")


@pytest.mark.parametrize("wrong", [{"failure_rate": 1.5}, {"failure_rate": -1}, {"latency": -1}])
def test_faults_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=r"failure_rate is|latency is"):
        Faults(**wrong)


def test_seeds_differ_where_none_is_given():
    assert Faults().seed != Faults().seed
