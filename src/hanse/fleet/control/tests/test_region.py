"""A region's own control: what it is asked it does in turn, and what others serve it follows."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hanse.fleet.control.hosts.rollout import CannotNow, ChangeFailed
from hanse.fleet.control.region.api import RegionRefused
from hanse.fleet.control.region.following import follow_others
from hanse.fleet.control.region.neighbours import SharedNeighbours
from hanse.fleet.control.region.service import RegionService
from hanse.fleet.control.turns import Turns
from hanse.fleet.directory.entries import GroupEntry, HostEntry
from hanse.fleet.directory.failures import DirectoryAway
from hanse.fleet.directory.others import Others, RegionSeen
from hanse.runtime.errors import Unavailable

CART = "cart.v1.Carts"


class Slow:
    """A region that does what it is asked when it may."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.may = asyncio.Event()
        self.fails: Exception | None = None

    async def bring(self, wanted: Any, anew: Any) -> None:
        self.done.append("bring begins")
        await self.may.wait()
        if self.fails:
            raise self.fails
        self.done.append("bring")

    async def end(self, names: Any) -> None:
        self.done.append("end")

    async def stop(self) -> None:
        self.done.append("stop")


def service(turns: Turns) -> tuple[RegionService, Slow]:
    region = Slow()
    return RegionService(region, turns), region  # pyright: ignore[reportArgumentType]  has all that is asked


async def begun(region: Slow) -> None:
    while not region.done:
        await asyncio.sleep(0)


async def test_one_change_comes_after_the_other_also_if_who_asked_is_gone(turns: Turns) -> None:
    asked, region = service(turns)
    first = asyncio.create_task(asked.bring((), ()))
    await begun(region)
    first.cancel()
    second = asyncio.create_task(asked.end(()))
    await asyncio.sleep(0)

    region.may.set()
    await second

    assert region.done == ["bring begins", "bring", "end"]


async def test_what_is_refused_is_told_from_what_cannot_be_just_now(turns: Turns) -> None:
    asked, region = service(turns)
    region.may.set()
    for fails, told in (
        (ChangeFailed("No.", "Never."), RegionRefused),
        (CannotNow("Later."), Unavailable),
    ):
        region.fails = fails
        with pytest.raises(told) as caught:
            await asked.bring((), ())
        assert caught.value.detail == ("No.\nNever." if told is RegionRefused else "Later.")


async def test_an_end_comes_instead_of_all_that_is_done_or_waits(turns: Turns) -> None:
    asked, region = service(turns)
    bringing = asyncio.create_task(asked.bring((), ()))
    await begun(region)
    waiting = asyncio.create_task(asked.end(()))
    await asyncio.sleep(0)

    await asyncio.gather(asked.stop(), asked.stop())

    assert region.done == ["bring begins", "stop"]
    for one in (bringing, waiting):
        with pytest.raises(Unavailable):
            await one


class Directory:
    """What regions share, with what they say in it."""

    def __init__(self, *regions: RegionSeen) -> None:
        self.regions = regions
        self.number = 1
        self.away = False
        self.told: list[tuple[str, object]] = []
        self.come = asyncio.Event()

    def others(self) -> Others:
        addresses = ("https://127.0.0.1:7001", "https://evil.example:x")
        return Others(self.number, self.number, self.away, {CART: addresses}, self.regions)

    async def until_changed(self, number: int) -> Others:
        while self.number == number:
            self.come.clear()
            await self.come.wait()
        return self.others()

    async def report(self, group: str, entry: GroupEntry | None) -> int:
        self._tell("report" if entry else "delete", group)
        return len(self.told)

    async def renew(self) -> int:
        self._tell("renew", "")
        return 7

    async def applied_here(self, revision: int) -> None:
        self._tell("applied", revision)

    def _tell(self, what: str, of: object) -> None:
        if self.away:
            raise DirectoryAway("No majority.")
        self.told.append((what, of))


def seen(name: str, *, live: bool = True, drained: bool = False, **host: Any) -> RegionSeen:
    entry = HostEntry(f"{name}.shop-1", "https://127.0.0.1:7001", **host)
    return RegionSeen(name, live, drained, 1, {"shop": GroupEntry((CART,), (entry,))})


def neighbours(*regions: RegionSeen) -> tuple[SharedNeighbours, Directory]:
    directory = Directory(*regions)
    return SharedNeighbours(directory, "r1"), directory  # pyright: ignore[reportArgumentType]  has all that is asked


@pytest.mark.parametrize(
    ("other", "takes"),
    [
        (seen("r2"), True),
        (seen("r2", live=False), False),
        (seen("r2", drained=True), False),
        (seen("r2", leaving=True), False),
        (seen("r2", part="canary"), False),
        (seen("r1"), False),
    ],
    ids=["lives", "lost", "drained", "leaves", "is judged", "one's own"],
)
async def test_who_takes_requests_lives_and_serves(other: RegionSeen, *, takes: bool) -> None:
    assert (CART in neighbours(other)[0].taken()) is takes


async def test_an_address_that_nobody_could_call_is_not_told_on() -> None:
    assert neighbours()[0].elsewhere() == {CART: ("https://127.0.0.1:7001",)}


async def test_a_group_of_before_a_death_is_deleted_when_it_is_there_no_more() -> None:
    made, directory = neighbours(seen("r1"))

    assert await made.report({"till": GroupEntry((), ())}) == 2

    assert directory.told == [("report", "till"), ("delete", "shop")]


async def test_where_nobody_can_be_told_that_is_said() -> None:
    made, directory = neighbours()
    assert (made.told(), await made.renew()) == (True, 7)
    directory.away = True
    assert (made.told(), await made.report({"till": GroupEntry((), ())})) == (False, None)
    assert await made.renew() is None


class Hosts:
    """Those of a region, which read what they are told; the second time they cannot be."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self.number = 0

    async def tell(self) -> None:
        self.number += 1
        if self.number == 2:
            raise OSError("No space left on device")
        self._directory.told.append(("hosts", self._directory.number))


async def test_others_hear_that_a_region_follows_when_its_hosts_do_whatever_fails_meanwhile() -> (
    None
):
    directory = Directory()
    hosts = Hosts(directory)
    following = asyncio.create_task(follow_others(directory, hosts))  # pyright: ignore[reportArgumentType]  has all that is asked
    for number in (1, 2, 3):
        directory.number = number
        directory.come.set()
        async with asyncio.timeout(10):
            while hosts.number < number:
                await asyncio.sleep(0)
    async with asyncio.timeout(10):
        while ("applied", 3) not in directory.told:
            await asyncio.sleep(0)
    following.cancel()

    assert ("applied", 2) not in directory.told, "its hosts did not read that"
    assert directory.told[:2] == [("hosts", 1), ("applied", 1)]
