"""Regions: what is served in a caller's own is called there; where nobody answers, elsewhere, at once."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from hanse.fleet.identity.tests.realm import Realm
from hanse.kit.http import Address
from hanse.runtime.call.tests.test_peer import Clock
from hanse.runtime.errors import Unavailable
from hanse.runtime.remote.balance import Balancer
from hanse.runtime.remote.pool import Pool
from hanse.runtime.tests.shelves import Fleet, Shelf, Shop, until
from hanse.runtime.tests.test_directory import revision


class Regions:
    """Shelves in the caller's region and in another one."""

    def __init__(self, fleet: Fleet, realm: Realm) -> None:
        self.fleet, self._realm = fleet, realm

    async def start(self, *, own: int, elsewhere: int = 1) -> None:
        self.own = [await self.fleet.shelf(f"own{number}") for number in range(own)]
        tls = self._realm.issue(name="r2.shelf-1", region="r2")
        self.elsewhere = [await self.fleet.far(f"far{number}", tls) for number in range(elsewhere)]
        self.fleet.write_regions(self.own, self.elsewhere)
        self.host = await self.fleet.caller(Shop, tls=self._realm.issue(name="r1.shop-1"))

    async def places(self, calls: int = 20) -> set[str]:
        """Where so many calls are answered; none of them may fail."""
        return {await self.host.get(Shelf).place() for _ in range(calls)}

    async def kill(self, *names: str) -> None:
        """Kills hosts of shelves, and waits until the caller knows that its links are gone."""
        for name in names:
            self.fleet.kill(name)
        killed = {f"unix:{self.fleet.folder / name}.sock" for name in names}
        pools = [pool for text, pool in self.host._placement._pools.items() if text in killed]
        await until(lambda: not any(pool._link and pool._link.usable for pool in pools))

    async def told(self) -> None:
        last = self.fleet._revision
        await until(lambda: revision(self.host) == last)


@pytest.fixture
async def regions(tmp_path):
    async with AsyncExitStack() as stack:
        yield Regions(Fleet(tmp_path, stack), Realm(tmp_path))


async def test_own_ones_are_called_while_they_answer(regions):
    await regions.start(own=2)
    assert await regions.places(50) == {"own0", "own1"}
    assert not regions.fleet.hosts["far0"].connections


@pytest.mark.parametrize("said", [None, []])
async def test_where_there_is_none_it_is_called_elsewhere(regions, said):
    await regions.start(own=0)
    regions.fleet.write_regions(said, regions.elsewhere)
    await regions.told()
    assert await regions.places() == {"far0"}
    assert await regions.host.get(Shop).place() == "far0"


@pytest.mark.parametrize("own", [1, 2, 3, 5])
async def test_when_all_own_ones_die_not_one_call_that_follows_fails(regions, own):
    # given callers that know all of them
    await regions.start(own=own, elsewhere=2)
    assert "far0" not in await regions.places(50)
    # when
    await regions.kill(*(f"own{number}" for number in range(own)))
    # then
    assert await regions.places(200) == {"far0", "far1"}


async def test_calls_that_begin_at_once_while_they_die_fail_nothing(regions):
    await regions.start(own=2)
    await regions.places(50)
    await regions.kill("own0", "own1")
    answers = await asyncio.gather(*(regions.host.get(Shelf).place() for _ in range(100)))
    assert set(answers) == {"far0"}


async def test_a_stream_goes_elsewhere_too(regions):
    await regions.start(own=1)
    await regions.kill("own0")
    for _ in range(3):
        assert [one async for one in regions.host.get(Shelf).places()] == ["far0"]


async def test_while_one_own_one_answers_it_is_called(regions):
    await regions.start(own=2)
    await regions.kill("own0")
    assert await regions.places(50) == {"own1"}


async def test_calls_come_back_when_an_own_one_answers_again(regions):
    # given
    await regions.start(own=1)
    await regions.kill("own0")
    assert await regions.places() == {"far0"}
    # when
    await regions.fleet.shelf("own0")

    async def back() -> None:
        while await regions.host.get(Shelf).place() != "own0":
            await asyncio.sleep(0.02)

    # then, however long it was away, within a second or so
    await asyncio.wait_for(back(), 5)
    assert await regions.places() == {"own0"}


async def test_what_may_have_been_done_is_done_nowhere_else(regions):
    # given a call under way, which may not be repeated
    await regions.start(own=1)
    waiting = asyncio.create_task(regions.host.get(Shelf).wait())
    await regions.fleet.places["own0"].begun.wait()
    # when
    regions.fleet.kill("own0")
    # then
    with pytest.raises(Unavailable):
        await waiting
    assert not regions.fleet.places["far0"].begun.is_set()


async def test_where_nobody_answers_anywhere_it_is_said(regions):
    await regions.start(own=1)
    await regions.places()
    await regions.kill("own0", "far0")
    for _ in range(3):
        with pytest.raises(Unavailable, match="out of reach"):
            await regions.host.get(Shelf).place()


async def test_a_region_that_leaves_is_called_no_more(regions):
    await regions.start(own=0, elsewhere=2)
    assert await regions.places(50) == {"far0", "far1"}
    regions.fleet.write_regions([], regions.elsewhere[1:])
    await regions.told()
    assert await regions.places(50) == {"far1"}


# Who is chosen, by itself.


def balanced(own: int, elsewhere: int, clock: Clock) -> tuple[Balancer, list[Pool]]:
    made = [Pool(Address(f"unix:/{number}"), None, clock) for number in range(own + elsewhere)]
    balancer = Balancer((), draw=lambda _: 0, clock=clock)
    balancer.replace(tuple(made[:own]), (), tuple(made[own:]))
    return balancer, made


def test_after_two_of_ones_own_have_failed_a_call_it_goes_elsewhere():
    balancer, (first, second, third, far) = balanced(3, 1, Clock())
    assert balancer.choose() is first
    assert balancer.choose((first,)) is second
    assert balancer.choose((first, second)) is far
    assert third.failures == 0


def test_to_leave_ones_region_costs_nothing_once():
    balancer, (own, far, further) = balanced(1, 2, Clock())
    assert balancer.leaves((own,))
    assert not balancer.leaves((own, far))
    alone, (only,) = balanced(1, 0, Clock())
    assert not alone.leaves((only,))
    assert not balanced(2, 1, Clock())[0].leaves((own,))


def test_one_that_fails_what_it_is_asked_rests_and_comes_back():
    clock = Clock()
    balancer, (own, far) = balanced(1, 1, clock)
    for _ in range(5):
        assert balancer.choose() is own
        own.failed()
    assert balancer.choose() is far
    clock.now = 1.0
    assert balancer.choose() is own


def test_where_all_rest_ones_own_are_asked():
    balancer, made = balanced(1, 1, Clock())
    for pool in made:
        for _ in range(5):
            pool.failed()
    assert balancer.choose() is made[0]
