"""What the hosts and the gateway of a region are told of the others, and the others of it."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hanse.fleet.control.hosts.given_shares import GivenShares
from hanse.fleet.control.hosts.hosts import Hosts
from hanse.fleet.control.hosts.member import Member, MemberRecord
from hanse.fleet.control.hosts.publisher import Publisher
from hanse.fleet.control.hosts.relief import relieve
from hanse.fleet.control.hosts.reported import reported_of
from hanse.fleet.control.hosts.rollout import CannotNow, ChangeFailed, Rollout
from hanse.fleet.control.hosts.roster import Roster, read_roster, write_roster
from hanse.fleet.control.hosts.told import Around, directory_of, upstreams_of
from hanse.fleet.control.region.front import Front
from hanse.fleet.control.region.ground import RegionGround
from hanse.fleet.control.region.neighbours import NoNeighbours
from hanse.fleet.directory.entries import GroupEntry, HostEntry
from hanse.fleet.directory.files import DirectoryWriter
from hanse.fleet.engine.program import Program
from hanse.fleet.engine.supervision import Supervision
from hanse.fleet.gateway.picture import Endpoint, Picture
from hanse.fleet.plan import PlannedGroup, Unit
from hanse.fleet.state import StateError, StateFolder
from hanse.kit.clock import SystemClock
from hanse.runtime.placement.directory import DirectoryFile
from hanse.runtime.placement.shares import SharesFile

CART = Unit(("cart.service:Cart",), ("cart.v1.Carts",), ("cart",))
LEDGER = Unit(("ledger.service:Ledger",), ("ledger.v1.Ledger",), ("ledger",))
PATIENCE = 20
ELSEWHERE = {"cart.v1.Carts": ("https://127.0.0.1:7001",)}


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    made = StateFolder(tmp_path, "r1")
    made.prepare()
    return made


def member(state: StateFolder, name: str, *units: Unit, stage: Any = "ready") -> Member:
    supervision = Supervision(Program(name=name, command=("true",)), state)
    supervision.stage = stage
    group = PlannedGroup(name.rpartition("-")[0].removeprefix("r1."), units)
    return Member(MemberRecord(name, group, "a", ""), supervision, state)


class Taking(NoNeighbours):
    """A region that lives, and takes what it serves."""

    def elsewhere(self) -> Mapping[str, tuple[str, ...]]:
        return ELSEWHERE

    def taken(self) -> frozenset[str]:
        return frozenset(ELSEWHERE)


class Lost(Taking):
    """The same, lost: its addresses are still known, for want of better ones."""

    def taken(self) -> frozenset[str]:
        return frozenset()


class Unheard(NoNeighbours):
    """Regions that cannot be told anything, as without a majority of brokers."""

    async def report(self, _groups: Mapping[str, GroupEntry], /) -> int | None:
        return None


def publisher(state: StateFolder, neighbours: NoNeighbours, shown: list[Picture]) -> Publisher:
    async def push(picture: Picture) -> None:
        shown.append(picture)

    return Publisher(DirectoryWriter(state.directory, state.shares), push, neighbours)


def test_a_drained_region_calls_elsewhere_what_is_served_there(state: StateFolder) -> None:
    members = [member(state, "r1.shop-1", CART, LEDGER)]
    own = f"unix:{state.socket('r1.shop-1')}"

    assert directory_of(members, Around(ELSEWHERE))["cart.v1.Carts"] == (own,)
    assert directory_of(members, Around(ELSEWHERE, frozenset(ELSEWHERE))) == {
        "cart.v1.Carts": (),
        "ledger.v1.Ledger": (own,),
    }


def test_the_gateway_knows_where_else_a_service_is(state: StateFolder) -> None:
    members = [member(state, "r1.shop-1", CART, LEDGER)]

    carts, ledger = upstreams_of(members, GivenShares(), Around(ELSEWHERE))

    assert carts.elsewhere == (Endpoint("", address="127.0.0.1:7001"),)
    assert ledger.elsewhere == ()


@pytest.mark.parametrize(
    ("neighbours", "drained", "goes_elsewhere"),
    [(Taking(), True, True), (Taking(), False, False), (Lost(), True, False)],
    ids=["drained", "not drained", "drained, and the others are lost"],
)
async def test_a_drained_region_leaves_all_to_others_as_long_as_they_take_it(
    state: StateFolder, neighbours: NoNeighbours, *, drained: bool, goes_elsewhere: bool
) -> None:
    shown: list[Picture] = []
    made = publisher(state, neighbours, shown)
    made.members.append(member(state, "r1.shop-1", CART))
    made.drained = drained

    await made.publish()

    told = msgspec.json.decode(state.directory.read_bytes(), type=DirectoryFile)
    assert (told.services["cart.v1.Carts"] == ()) is goes_elsewhere
    [gate] = shown[-1].upstreams[0].endpoints
    assert gate.draining is goes_elsewhere
    begins = {"r1.shop-1": 0.0} if goes_elsewhere else {}
    assert _shares(state).hosts == begins, "nor does it begin anything by itself"


async def test_no_host_ends_while_others_cannot_be_told(state: StateFolder) -> None:
    made = publisher(state, Unheard(), [])
    leaving = member(state, "r1.shop-1", CART)
    made.members.append(leaving)
    rollout = Rollout(made, lambda _: leaving, lambda: None, "r1")

    with pytest.raises(ChangeFailed, match=r"cannot be told that r1\.shop-1 would end"):
        await rollout.end([leaving])

    assert made.members == [leaving], "it runs on, for whoever still calls it"
    assert leaving.leaving, "and its own region sends it nothing any more"


async def test_a_region_is_drained_when_its_own_list_says_so_and_others_were_told(
    state: StateFolder,
) -> None:
    class Hearing(Taking):
        async def renew(self) -> int | None:
            return 1

    made = publisher(state, Hearing(), [])
    hosts = Hosts(state, made, no_member)
    await hosts.drain(drained=True)
    assert read_roster(state.roster).drained
    again = Hosts(state, publisher(state, Taking(), []), no_member)
    assert again.drained, "whoever follows goes by the same list"


@pytest.mark.parametrize("drained", [True, False])
async def test_where_others_cannot_be_told_nothing_is_drained_and_who_comes_back_serves(
    state: StateFolder, *, drained: bool
) -> None:
    write_roster(state.roster, Roster(drained=not drained))
    hosts = Hosts(state, publisher(state, Unheard(), []), no_member)

    with pytest.raises(CannotNow, match="Other regions cannot be told"):
        await hosts.drain(drained=drained)

    assert not hosts.drained
    assert not read_roster(state.roster).drained


@pytest.mark.parametrize("told", [False, True], ids=["not told", "told no more"])
async def test_no_host_is_added_for_memory_where_none_may_end(
    state: StateFolder, monkeypatch: pytest.MonkeyPatch, *, told: bool
) -> None:
    class Deaf(Unheard):
        def told(self) -> bool:
            return told

    made, begun = publisher(state, Deaf(), []), []
    heavy = member(state, "r1.shop-1", CART)
    made.members.append(heavy)

    def make(record: MemberRecord) -> Member:
        begun.append(one := member(state, record.name, CART))
        one.silent = True  # nobody waits for what it reads
        monkeypatch.setattr(one.supervision, "start", lambda: None)
        return one

    heavy.silent = True
    await relieve(heavy, made, Rollout(made, make, lambda: None, "r1"))

    assert made.members == [heavy], "and it is another process by now"
    assert not heavy.leaving
    assert len(begun) == told


async def test_a_gateway_is_told_who_there_is_before_anything_else(state: StateFolder) -> None:
    made = publisher(state, Taking(), [])
    made.members.append(member(state, "r1.shop-1", CART, stage="starting"))

    picture = made.begin()

    [carts] = picture.upstreams
    assert carts.endpoints == (Endpoint(str(state.gate("r1.shop-1"))),)
    assert carts.elsewhere == (Endpoint("", address="127.0.0.1:7001"),)

    class Begun(Exception):
        """Before Envoy is there, or is let in."""

    def begin(_: Front) -> Picture:
        raise Begun

    async def tell() -> None: ...

    broker = Supervision(Program(name="nats", command=("true",)), state)
    ground = RegionGround(state, broker, {}, SystemClock(), tell, begin)
    try:
        with pytest.raises(Begun):
            await ground.start()
    finally:
        await ground.stop()


def test_others_are_told_of_hosts_that_can_be_called(state: StateFolder) -> None:
    serving, coming = (
        member(state, "r1.shop-1", CART),
        member(state, "r1.shop-2", CART, stage="starting"),
    )
    for one in (serving, coming):
        state.mutual(one.name).write_text(f"https://127.0.0.1:{7000 + int(one.name[-1])}")

    assert reported_of([serving, coming]) == {
        "shop": GroupEntry(("cart.v1.Carts",), (HostEntry("r1.shop-1", "https://127.0.0.1:7001"),))
    }
    state.mutual(serving.name).unlink()  # read once of each life: it is asked often
    serving.leaving = True
    [entry] = reported_of([serving])["shop"].hosts
    assert entry.leaving


def test_where_a_host_is_reached_is_asked_anew_of_each_of_its_lives(
    state: StateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = member(state, "r1.shop-1", CART)
    found = [one.mutual_address]
    for life in (7, 8):
        monkeypatch.setattr(Supervision, "pid", life)
        state.mutual(one.name).write_text(f"https://127.0.0.1:700{life}")
        found.append(one.mutual_address)

    assert found == ["", "https://127.0.0.1:7007", "https://127.0.0.1:7008"]


async def test_shares_that_are_only_renewed_are_told_with_all_others_and_not_at_once(
    state: StateFolder,
) -> None:
    shown: list[Picture] = []
    made = publisher(state, NoNeighbours(), shown)
    for share in (0.1, 0.1, 0.2, 0.2, 0.1):
        await made.share("d1", share, share)

    assert len(shown) == 3


async def test_what_was_told_with_something_else_is_not_told_again(state: StateFolder) -> None:
    shown: list[Picture] = []
    pushing, may_go = asyncio.Event(), asyncio.Event()

    async def push(picture: Picture) -> None:
        shown.append(picture)
        pushing.set()
        await may_go.wait()

    made = Publisher(DirectoryWriter(state.directory, state.shares), push, NoNeighbours())
    telling = asyncio.create_task(made.run())
    first = asyncio.create_task(made.publish())
    await pushing.wait()
    second = asyncio.create_task(made.publish())
    await asyncio.sleep(0)  # it is in the line
    made.members.append(member(state, "r1.shop-1", CART))
    made.changed()
    may_go.set()
    await asyncio.gather(first, second)
    made.members.append(member(state, "r1.shop-2", LEDGER))
    made.changed()
    async with asyncio.timeout(PATIENCE):
        while len(shown[-1].upstreams) < 2:
            await asyncio.sleep(0.005)
    telling.cancel()

    assert [len(one.upstreams) for one in shown] == [0, 1, 2]


async def test_shares_are_told_anew_though_nothing_else_changes(state: StateFolder) -> None:
    shown: list[Picture] = []
    made = publisher(state, NoNeighbours(), shown)
    made.members.append(canary := member(state, "r1.shop-1", CART))
    canary.become("canary", "d1")
    telling = asyncio.create_task(made.run())
    await asyncio.sleep(0)  # it waits by now, for nothing is given

    await made.share("d1", 0.1, 0.1)

    async with asyncio.timeout(PATIENCE):
        while len(shown) < 2:
            await asyncio.sleep(0.01)
    telling.cancel()
    first, again = shown
    assert (again.upstreams, again.renewal) == (first.upstreams, first.renewal + 1)


async def test_shares_that_could_not_be_told_are_told_when_they_can_be(state: StateFolder) -> None:
    shown: list[Picture] = []
    made = publisher(state, NoNeighbours(), shown)
    made.members.append(canary := member(state, "r1.shop-1", CART))
    canary.become("canary", "d1")
    state.shares.mkdir()  # where a file is to be
    with pytest.raises(StateError):
        await made.share("d1", 0.1, 0.1)
    state.shares.rmdir()

    await made.share("d1", 0.1, 0.1)
    telling = asyncio.create_task(made.run())
    async with asyncio.timeout(PATIENCE):
        while not any(part.share for each in shown for one in each.upstreams for part in one.parts):
            await asyncio.sleep(0.005)
    telling.cancel()


def no_member(record: MemberRecord) -> Member:
    pytest.fail(record.name)


def _shares(state: StateFolder) -> SharesFile:
    return msgspec.json.decode(state.shares.read_bytes(), type=SharesFile)
