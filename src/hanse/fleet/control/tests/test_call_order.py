"""Groups that are deployed as one take over in the order in which they call each other, and go back in the other."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.fleet.control.hosts.member import Member, MemberRecord
from hanse.fleet.control.hosts.publisher import Publisher
from hanse.fleet.control.hosts.rollout import Rollout
from hanse.fleet.control.region.neighbours import NoNeighbours
from hanse.fleet.control.staging.api import GroupChange, Order
from hanse.fleet.control.staging.stage import Stage
from hanse.fleet.control.staging.waves import waves
from hanse.fleet.directory.files import DirectoryWriter
from hanse.fleet.engine.program import Program
from hanse.fleet.engine.supervision import Supervision
from hanse.fleet.gateway.picture import Picture
from hanse.fleet.plan import PlannedGroup, Unit
from hanse.fleet.state import StateFolder

MOST = 7


def change(name: str, *calls: str) -> GroupChange:
    contract = f"{name}.v1.It"
    group = PlannedGroup(name, (Unit((f"{name}:It",), (contract,), (name,)),))
    names = tuple(f"{one}.v1.It" for one in calls)
    return GroupChange(group=group, before="r1", after="r2", services=(contract,), calls=names)


def names(*changes: GroupChange) -> list[list[str]]:
    return [[one.group.name for one in wave] for wave in waves(changes)]


def test_whoever_is_called_goes_first_and_those_that_call_each_other_together() -> None:
    shop, cart, mail = change("shop", "cart", "other"), change("cart", "mail"), change("mail")
    assert names(shop, mail, cart) == [["mail"], ["cart"], ["shop"]]
    stock, price = change("stock", "price"), change("price", "cart", "rate")
    rate = change("rate", "stock", "rate")
    assert names(shop, stock, price, mail, rate, cart) == [
        ["mail"],
        ["cart"],
        ["shop", "stock", "price", "rate"],
    ]
    assert names(change("one"), change("two")) == [["one", "two"]]
    assert names() == []


@given(st.sets(st.tuples(st.integers(0, MOST), st.integers(0, MOST)), max_size=20))
def test_nobody_takes_over_before_whom_it_calls_unless_that_calls_it(calls) -> None:
    found = names(
        *(change(f"g{n}", *(f"g{to}" for of, to in calls if of == n)) for n in range(MOST + 1))
    )
    at = {name: number for number, wave in enumerate(found) for name in wave}
    assert sorted(at) == sorted(f"g{n}" for n in range(MOST + 1))
    for of, to in calls:
        assert at[f"g{to}"] <= at[f"g{of}"]
        if at[f"g{to}"] == at[f"g{of}"]:
            assert reaches(calls, to, of)


def reaches(calls, of: int, to: int) -> bool:
    there, left = {of}, [of]
    while left:
        one = left.pop()
        new = {callee for caller, callee in calls if caller == one} - there
        there |= new
        left += new
    return to in there


class Shown:
    """A region whose hosts do not run: what its gateway is told, in turn."""

    def __init__(self, folder: Path) -> None:
        self.state = StateFolder(folder)
        writer = DirectoryWriter(folder / "directory.json", folder / "shares.json")
        self.publisher = Publisher(writer, self.push, NoNeighbours())
        self.told: list[str] = []

    async def push(self, picture: Picture) -> None:
        """Who serves, of those that are sent new requests."""
        said = " ".join(
            sorted(
                Path(one.socket).stem
                for upstream in picture.upstreams
                for one in upstream.endpoints
                if not one.draining
            )
        )
        if self.told[-1:] != [said]:
            self.told.append(said)

    def member(self, record: MemberRecord) -> Member:
        supervision = Supervision(Program(name=record.name, command=("true",)), self.state)
        supervision.stage = "ready"
        made = Member(record, supervision, self.state)
        made.silent = True  # nobody waits until it has read anything
        return made

    def host(self, change: GroupChange, number: int, part: Any) -> None:
        name = f"{change.group.name}-{number}"
        release = "r2" if part == "next" else "r1"
        record = MemberRecord(
            name, change.group, release, "", deployment="d1" if part else "", part=part
        )
        self.publisher.members.append(self.member(record))

    def stage(self, order: Order) -> Stage:
        rollout = Rollout(self.publisher, self.member, lambda: None)
        return Stage(order, self.publisher, rollout, self.member, lambda: None)


@pytest.fixture
def shown(tmp_path: Path) -> Shown:
    return Shown(tmp_path)


async def test_a_unit_takes_over_from_below_and_goes_back_from_above(shown: Shown) -> None:
    changes = (change("shop", "cart"), change("cart"))
    for one in changes:
        shown.host(one, 1, "")
        shown.host(one, 2, "next")
    stage = shown.stage(Order(deployment="d1", changes=changes))

    await stage.take_over()
    assert shown.told == ["cart-1 shop-1", "cart-2 shop-1", "cart-2 shop-2"]

    await stage.go_back()
    assert shown.told[2:] == ["cart-2 shop-2", "cart-2 shop-1", "cart-1 shop-1"]
    assert [one.name for one in shown.publisher.members] == ["shop-1", "cart-1"]
