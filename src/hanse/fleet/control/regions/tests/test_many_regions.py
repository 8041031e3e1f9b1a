"""All regions run what they should or what they ran before, whenever the head dies or is not answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec
import pytest

from hanse.fleet.control.api import Asked, RegionDoing
from hanse.fleet.control.choices import Choices
from hanse.fleet.control.following import refuse_deployed
from hanse.fleet.control.hosts.rollout import CannotNow, ChangeFailed
from hanse.fleet.control.region.api import Step
from hanse.fleet.control.regions.desired import DesiredGroup
from hanse.fleet.control.regions.many_regions import ManyRegions
from hanse.fleet.control.regions.tests.world import BROKEN, WISH, Killed, World, order, wanted
from hanse.fleet.control.staging.desk import StagingDesk
from hanse.fleet.control.turns import EXPECTED, Turns
from hanse.runtime.errors import Unavailable

T = TypeVar("T")
OLD = [wanted("shop", "old"), wanted("till", "old")]
NEW = [wanted("shop", "new"), wanted("till", "new")]
RUN_OLD, RUN_NEW = ({"shop": one, "till": one} for one in ("old", "new"))
MOMENTS_MAX = 60


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch)


async def began(world: World) -> ManyRegions:
    """Three regions that run the old release."""
    head = world.head()
    await head.open(WISH)
    await head.bring(OLD)
    assert world.run() == [RUN_OLD] * 3
    return head


async def looked(head: ManyRegions) -> None:
    """What a head does every two seconds, until there is nothing left to do."""
    for _ in range(2):
        await head.look()
        for name in await head.behind():
            try:
                await head.catch_up(name)
            except ChangeFailed:
                head._behind._next_try.clear()


async def is_whole(world: World, head: ManyRegions, *ways: dict[str, str]) -> None:
    """All run one of these, which is what is written down, and nothing is begun."""
    await looked(head)
    runs = world.run()
    assert runs[0] in ways
    assert runs == [runs[0]] * len(runs)
    assert head._set.book.change is None
    assert await head.behind() == ()
    written = {
        name: msgspec.json.decode(one.value, type=DesiredGroup).wanted
        for name, one in world.kept.kept.items()
    }
    assert {name: one.release for name, one in written.items() if one} == runs[0]


@pytest.mark.parametrize("kills", [True, False], ids=["the head dies", "it is not done"])
@pytest.mark.parametrize("release", ["new", BROKEN])
async def test_whatever_a_change_meets_all_regions_have_it_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, release: str, *, kills: bool
) -> None:
    moments = 0
    for moment in range(1, MOMENTS_MAX):
        world = World(tmp_path / str(moment), monkeypatch)
        head = await began(world)
        world.meets(moment, kills=kills)
        # when
        with suppress(Killed, *EXPECTED):
            await head.bring([wanted("shop", release), wanted("till", "new")])
        moments = world.count
        if kills:
            head = world.head()
            assert await head.adopt()
        # then
        await is_whole(world, head, RUN_OLD, *([RUN_NEW] if release == "new" else []))
        if moment > moments:
            break
    assert moments > 12, "all of it was counted"


@pytest.mark.parametrize("kills", [True, False], ids=["the head dies", "it is not done"])
@pytest.mark.parametrize("ends", ["cool", "go_back"])
async def test_whatever_a_deployment_meets_it_is_asked_again_and_comes_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: Step, *, kills: bool
) -> None:
    way = {"shop": "new", "till": "old"} if ends == "cool" else RUN_OLD
    for moment in range(1, MOMENTS_MAX):
        world = World(tmp_path / str(moment), monkeypatch)
        asking = Asking(world, await began(world), kills=kills)
        world.meets(moment, kills=kills)
        # when
        await asking.step("begin")
        await asking.step("take_over")
        if ends == "cool":
            await asking.waves()
            await asking.step("settle")
        else:
            await asking.wave("")
        await asking.step(ends)
        moments, head = world.count, asking.head
        # then
        await is_whole(world, head, way)
        assert not [one for some in world.regions.values() for one in some.records if one.part]
        if moment > moments:
            break
    else:
        pytest.fail("it has more moments than were tried")


class Asking:
    """A workflow, which asks until it is answered."""

    def __init__(self, world: World, head: ManyRegions, *, kills: bool) -> None:
        self.world = world
        self.head = head
        self._kills = kills

    async def step(self, step: Step) -> None:
        await self._asked(lambda: self.head.step(order(), step))

    async def wave(self, judged: str) -> str:
        return await self._asked(lambda: self.head.wave(order(), judged))

    async def waves(self) -> list[str]:
        """In which regions it was judged, one after the other."""
        found = [""]
        while region := await self.wave(found[-1]):
            assert is_judged_in(self.world, region)
            found.append(region)
        return found[1:]

    async def _asked(self, work: Callable[[], Awaitable[T]]) -> T:
        for _ in range(6):
            try:
                return await work()
            except (Killed, ChangeFailed):
                if self._kills:
                    self.head = self.world.head()
                    await self.head.adopt()
                await looked(self.head)
        pytest.fail("it is never done")


def is_judged_in(world: World, region: str) -> bool:
    """Whether canary and twin are there, and nowhere else."""
    pairs = {
        name: {one.part for one in some.records} & {"canary", "twin"}
        for name, some in world.regions.items()
    }
    return {name for name, parts in pairs.items() if parts} == {region} and len(pairs[region]) == 2


async def test_shares_that_a_region_does_not_take_just_now_may_be_asked_for_again(
    world: World,
) -> None:
    head = await proving(world)
    desk = StagingDesk(Turns(), head, cast("Any", None), Asked, Choices(world.state.choices))
    world.meets(1, kills=False)

    with pytest.raises(Unavailable, match="Region r1 does not answer"):
        await desk.share("d1", 0.1, 0.1)


async def test_it_comes_to_one_region_after_the_other_and_is_judged_in_each(world: World) -> None:
    asking = Asking(world, await proving(world), kills=False)

    assert await asking.wave("") == "r2"
    assert [one["shop"] for one in world.run()] == ["new", "old", "old"]
    assert is_judged_in(world, "r2")
    assert await asking.wave("r2") == "r3"
    assert [one["shop"] for one in world.run()] == ["new", "new", "old"]
    assert is_judged_in(world, "r3")
    assert await asking.wave("r3") == ""
    assert [one["shop"] for one in world.run()] == ["new"] * 3


async def test_where_it_is_bad_in_one_region_it_goes_back_in_all_and_others_never_have_it(
    world: World,
) -> None:
    asking = Asking(world, await proving(world), kills=False)
    assert await asking.wave("") == "r2"

    await asking.step("go_back")

    await is_whole(world, asking.head, RUN_OLD)
    assert not [one for some in world.regions.values() for one in some.records if one.part]


async def test_a_region_that_is_gone_is_passed_over_and_judged_when_it_is_back(
    world: World,
) -> None:
    asking = Asking(world, await proving(world), kills=False)
    assert await asking.wave("") == "r2"
    await asking.head.have("r2", "kill")

    assert await asking.wave("") == "r3"
    await asking.head.have("r2", "start")
    assert await asking.wave("r3") == "r2"
    assert await asking.wave("r2") == ""
    await asking.step("settle")
    await asking.step("cool")
    await is_whole(world, asking.head, {"shop": "new", "till": "old"})


async def test_a_head_that_follows_builds_nothing_where_a_change_was_broken_off(
    world: World,
) -> None:
    await began(world)
    for one in world.regions.values():
        one.is_lost()  # its control is begun anew, and what it was about broken off

    assert await world.head().adopt(), "what runs is taken over as it is"


async def test_a_control_that_begins_anew_between_two_looks_is_brought_to_what_should_run(
    world: World,
) -> None:
    head = await began(world)
    await head.look()
    assert await head.behind() == ()

    world.regions["r2"].records = world.regions["r2"].records[:1]  # it died amid something
    world.regions["r2"].begins_anew()
    await head.look()

    assert await head.behind() == ("r2",)
    note = "r2 may have missed something; it is brought to what the others run."
    assert (await head.status()).notes == (note,)
    await is_whole(world, head, RUN_OLD)
    assert (await head.status()).notes == ()


async def test_a_region_catches_up_whatever_another_lacks(world: World) -> None:
    head = await began(world)
    world.regions["r2"].begins_anew()
    await head.look()
    world.regions["r1"].lacks_a_gateway = True

    await head.catch_up("r2")

    assert await head.behind() == ()


async def test_who_is_behind_takes_no_part_in_a_deployment_before_it_has_caught_up(
    world: World,
) -> None:
    head = await began(world)
    world.regions["r1"].is_lost()
    await head.look()
    world.regions["r1"].begins_anew()

    await head.step(order(), "begin")

    assert {one.region for one in await head.hosts() if one.part} == {"r2"}
    await looked(head)
    assert {one.region for one in await head.hosts() if one.part} == {"r2"}


async def test_nobody_takes_part_while_all_are_behind_and_it_is_asked_again(world: World) -> None:
    await began(world)
    head = world.head()
    await head.adopt()

    with pytest.raises(CannotNow, match="No region runs what it should yet"):
        await head.step(order(), "begin")

    await looked(head)
    await head.step(order(), "begin")


async def test_where_no_region_answers_for_a_moment_a_deployment_asks_again(world: World) -> None:
    head = await began(world)
    for one in world.regions.values():
        one.is_lost()

    with pytest.raises(CannotNow, match="No region answers"):
        await head.step(order(), "begin")


async def test_a_region_that_fails_amid_a_step_is_behind_until_it_was_looked_at(
    world: World,
) -> None:
    head = await began(world)
    world.regions["r3"].is_lost()

    with pytest.raises(CannotNow, match="r3 does not answer"):
        await head._bringing._had(world.regions["r3"], world.regions["r3"].bring(NEW, ()))
    world.regions["r3"].answering = True

    assert await head.behind() == ("r3",)


# While a release is proven in one region


async def proving(world: World) -> ManyRegions:
    """The new release of `shop` serves in r1, and is judged there."""
    head = await began(world)
    await head.step(order(), "begin")
    await head.step(order(), "take_over")
    assert [one["shop"] for one in world.run()] == ["new", "old", "old"]
    return head


async def test_meanwhile_everything_else_may_be_changed(world: World) -> None:
    head = await proving(world)
    wish = [wanted("shop", "old"), wanted("till", "new")]
    refuse_deployed(await head.hosts(), wish, {"till"})

    await head.bring(wish)

    assert [one["shop"] for one in world.run()] == ["new", "old", "old"], "each has what it had"
    assert [one["till"] for one in world.run()] == ["new"] * 3
    await head.step(order(), "go_back")
    await is_whole(world, head, {"shop": "old", "till": "new"})


async def test_meanwhile_the_group_itself_is_not_changed_and_it_is_said_by_whom(
    world: World,
) -> None:
    hosts = await (await proving(world)).hosts()
    for wish, touched in (("third", set[str]()), ("old", {"shop"})):
        with pytest.raises(ChangeFailed, match=r"shop is being deployed by d1\. Wait for it, or"):
            refuse_deployed(hosts, [wanted("shop", wish), wanted("till", "new")], touched)


async def test_a_region_that_is_added_meanwhile_has_what_was_before(world: World) -> None:
    head = await proving(world)
    await head.open(msgspec.structs.replace(WISH, regions=4))

    await head.bring([wanted("shop", "old"), wanted("till", "old")])

    assert [one["shop"] for one in world.run()] == ["new", "old", "old", "old"]
    await head.step(order(), "settle")
    await head.step(order(), "cool")
    await is_whole(world, head, {"shop": "new", "till": "old"})


async def test_another_deployment_of_it_is_refused_and_takes_nothing(world: World) -> None:
    head = await proving(world)
    world.regions["r1"].is_lost()
    await head.look()

    other = order(before="old", after="third", name="d2")
    with pytest.raises(ChangeFailed, match="shop is being deployed by d1"):
        await head.step(other, "begin")
    await head.step(other, "go_back")

    written = msgspec.json.decode(world.kept.kept["shop"].value, type=DesiredGroup)
    assert written.deployment == "d1"
    world.regions["r1"].begins_anew()
    await looked(head)
    assert [one["shop"] for one in world.run()] == ["new", "old", "old"]


# Regions that come and go


async def test_who_is_drained_is_known_of_itself_and_by_nobody_else(world: World) -> None:
    head = await began(world)
    await head.have("r2", "drain")
    head = world.head()
    await head.adopt()
    assert {one.name: one.state for one in (await head.status()).regions}["r2"] == "drained"

    world.regions["r2"].drained = False  # resumed by a head that died before it could say so
    assert {one.name: one.state for one in (await head.status()).regions}["r2"] == "ready"
    await head.have("r1", "drain")
    await head.have("r2", "drain")
    with pytest.raises(ChangeFailed, match="r3 is the only region that is sent anything"):
        await head.have("r3", "drain")


async def test_a_region_that_is_taken_away_ends_before_brokers_forget_its_logins(
    world: World,
) -> None:
    head = await began(world)
    await head.open(msgspec.structs.replace(WISH, regions=4))
    await head.bring(OLD)
    await head.have("r4", "drain")
    world.regions["r4"].is_lost()
    world.told.clear()

    await head.open(WISH)

    assert not world.regions["r4"].runs
    assert world.told == ["check 3", "prepare 3"]
    assert head.names == ("r1", "r2", "r3")
    await head.open(msgspec.structs.replace(WISH, regions=4))
    await head.bring(OLD)
    assert world.run() == [RUN_OLD] * 4
    assert "drained" not in {one.state for one in (await head.status()).regions}


@pytest.mark.parametrize("doing", ["drain", "stop", "start", "kill"])
async def test_a_head_that_dies_amid_a_verb_leaves_a_region_as_it_was_or_as_it_was_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, doing: RegionDoing
) -> None:
    meant = {"drain": "drained", "stop": "down", "kill": "down", "start": "ready"}[doing]
    for moment in range(1, MOMENTS_MAX):
        world = World(tmp_path / str(moment), monkeypatch)
        head = await began(world)
        if doing == "start":
            await head.have("r2", "kill")
        world.meets(moment, kills=True)
        with suppress(Killed):
            await head.have("r2", doing)
        moments = world.count
        head = world.head()
        await head.adopt()
        await looked(head)

        state = {one.name: one.state for one in (await head.status()).regions}["r2"]
        assert state in {meant, "ready", "drained"} | ({"down"} if doing == "start" else set())
        assert world.regions["r2"].runs is (state != "down")
        assert world.run() == [RUN_OLD] * len(world.run())
        if moment > moments:
            assert state == meant
            break
