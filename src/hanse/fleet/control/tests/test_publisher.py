"""What hosts and gateway are told of who serves what."""

from pathlib import Path
from typing import Any

import pytest

from hanse.fleet.control.hosts.member import Member, MemberRecord, free_names
from hanse.fleet.control.hosts.publisher import directory_of, upstreams_of
from hanse.fleet.engine.program import Program
from hanse.fleet.engine.supervision import Supervision
from hanse.fleet.gateway.picture import Endpoint, Upstream
from hanse.fleet.plan import PlannedGroup, Unit
from hanse.fleet.state import StateFolder

CART = Unit(("cart.service:Cart",), ("cart.v1.Carts",), ("cart", "cart.v1.Carts"))
LEDGER = Unit(("ledger.service:Ledger",), ("ledger.v1.Ledger",), ())


def member(name: str, *units: Unit, stage: Any = "ready", leaving: bool = False) -> Member:
    state = StateFolder(Path())
    supervision = Supervision(Program(name=name, command=("true",)), state)
    supervision.stage = stage
    group = PlannedGroup(name.rpartition("-")[0], units)
    made = Member(MemberRecord(name, group, "r1", ""), supervision, state)
    made.leaving = leaving
    return made


def address(name: str) -> str:
    return f"unix:.hanse/up/hosts/{name}.sock"


def gate(name: str, *, draining: bool = False) -> Endpoint:
    return Endpoint(f".hanse/up/hosts/{name}.gate", draining=draining)


def test_both_name_all_hosts_that_serve() -> None:
    members = [member("shop-1", CART, LEDGER), member("shop-2", CART, LEDGER)]

    assert directory_of(members) == {
        "cart.v1.Carts": (address("shop-1"), address("shop-2")),
        "ledger.v1.Ledger": (address("shop-1"), address("shop-2")),
    }
    assert upstreams_of(members) == (
        Upstream("cart.v1.Carts", CART.segments, (gate("shop-1"), gate("shop-2"))),
    )


@pytest.mark.parametrize("stage", ["starting", "backing off", "ended"])
def test_a_host_that_does_not_answer_is_in_neither(stage: str) -> None:
    members = [member("shop-1", CART), member("shop-2", CART, stage=stage)]

    assert directory_of(members) == {"cart.v1.Carts": (address("shop-1"),)}
    assert upstreams_of(members)[0].endpoints == (gate("shop-1"),)


def test_a_host_that_leaves_gets_nothing_new() -> None:
    members = [member("shop-1", CART, leaving=True), member("shop-2", CART)]

    assert directory_of(members) == {"cart.v1.Carts": (address("shop-2"),)}
    assert upstreams_of(members)[0].endpoints == (gate("shop-1", draining=True), gate("shop-2"))


def test_a_service_nobody_serves_yet_has_the_address_it_will_have() -> None:
    """Else the hosts that need it would not start, and the gateway would refuse at once."""
    members = [member("shop-1", CART, stage="starting")]

    assert directory_of(members) == {"cart.v1.Carts": (address("shop-1"),)}
    assert upstreams_of(members) == (Upstream("cart.v1.Carts", CART.segments, (gate("shop-1"),)),)


def test_new_hosts_get_names_that_no_other_has() -> None:
    assert free_names("shop", ["shop-1", "shop-4", "shop-ads-9"], 2) == ["shop-5", "shop-6"]
    assert free_names("shop-ads", ["shop-1", "shop-ads-9"], 1) == ["shop-ads-10"]
    assert free_names("shop", [], -1) == []
