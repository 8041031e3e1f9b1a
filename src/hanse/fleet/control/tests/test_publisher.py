"""What hosts and gateway are told of who serves what."""

from pathlib import Path
from time import process_time
from typing import Any

import pytest

from hanse.fleet.control.hosts.given_shares import LEASE_SECONDS, GivenShares
from hanse.fleet.control.hosts.member import Member, MemberRecord, free_names
from hanse.fleet.control.hosts.told import directory_of, shares_of, together_of
from hanse.fleet.control.hosts.told import upstreams_of as told_upstreams
from hanse.fleet.engine.program import Program
from hanse.fleet.engine.supervision import Supervision
from hanse.fleet.gateway.picture import Endpoint, Upstream
from hanse.fleet.gateway.picture import Part as GatewayPart
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


def upstreams_of(members: list[Member]) -> tuple[Upstream, ...]:
    return told_upstreams(members, GivenShares())


def judged(name: str, part: Any, deployment: str = "d1") -> Member:
    made = member(name, CART)
    made.become(part, deployment)
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


def test_groups_that_are_deployed_as_one_call_hosts_of_their_own_release() -> None:
    found: list[Member] = []
    for name, part in (
        ("shop-1", "warm"), ("shop-2", ""), ("shop-3", "twin"), ("shop-4", "canary"),
        ("bank-1", "warm"), ("bank-2", ""), ("bank-3", "twin"),
    ):  # fmt: skip
        found.append(member(name, CART if name.startswith("shop") else LEDGER))
        found[-1].become(part, "d1")
    others = [judged("shop-8", "canary", "d2"), member("shop-9", CART)]

    new, twins = together_of([*found, *others])

    assert new.hosts == ("shop-2", "shop-4", "bank-2")
    assert new.services["cart.v1.Carts"] == (address("shop-2"), address("shop-4"))
    assert twins.hosts == ("shop-3", "bank-3")
    assert twins.services["ledger.v1.Ledger"] == (address("bank-3"),)
    for one in found:
        one.leaving = True
    assert together_of(found)[0].services == new.services, "who leaves calls who leaves"
    assert together_of(found[:4]) == []


def test_new_hosts_get_names_that_no_other_has() -> None:
    assert free_names("shop", ["shop-1", "shop-4", "shop-ads-9"], 2) == ["shop-5", "shop-6"]
    assert free_names("shop-ads", ["shop-1", "shop-ads-9"], 1) == ["shop-ads-10"]
    assert free_names("shop", [], -1) == []


def pair() -> list[Member]:
    settled = member("shop-1", CART)
    return [settled, judged("shop-2", "canary"), judged("shop-3", "twin"), judged("shop-4", "warm")]


def test_who_is_judged_has_a_share_and_no_part_in_the_rest() -> None:
    members, given = pair(), GivenShares()
    given.give("d1", 0.1, 0.3, now=0.0)

    contracts, hosts = shares_of(members, given)

    assert directory_of(members) == {"cart.v1.Carts": (address("shop-1"),)}
    assert {
        name: [(one.addresses, one.share) for one in some] for name, some in contracts.items()
    } == {"cart.v1.Carts": [((address("shop-2"),), 0.1), ((address("shop-3"),), 0.3)]}
    assert hosts == {"shop-2": 0.1, "shop-3": 0.3, "shop-4": 0.0}
    [upstream] = told_upstreams(members, given)
    assert upstream.endpoints == (gate("shop-1"),)
    assert upstream.parts == (
        GatewayPart("canary", (gate("shop-2"),), 0.1),
        GatewayPart("twin", (gate("shop-3"),), 0.3),
    )


def test_who_is_judged_and_does_not_answer_is_named_nowhere() -> None:
    members, given = pair(), GivenShares()
    given.give("d1", 0.1, 0.3, now=0.0)
    members[1].silent = True

    contracts, _ = shares_of(members, given)

    assert [one.addresses for one in contracts["cart.v1.Carts"]] == [(), (address("shop-3"),)]
    assert [part.endpoints for part in told_upstreams(members, given)[0].parts] == [
        (),
        (gate("shop-3"),),
    ]


def test_shares_last_from_when_they_were_given_last() -> None:
    given = GivenShares()
    given.give("d1", 0.1, 0.3, now=0.0)
    given.give("d2", 0.2, 0.2, now=5.0)
    given.give("d1", 0.4, 0.4, now=6.0)

    assert given.seconds_left(6.0) == LEASE_SECONDS - 1.0
    assert not given.look(5.0 + LEASE_SECONDS - 0.1)
    assert given.look(5.0 + LEASE_SECONDS)
    assert (given.of("d1").canary, given.of("d2").canary) == (0.4, 0.0)
    given.take_back("d1")
    assert given.seconds_left(16.0) is None


def test_a_new_group_is_known_to_who_calls_it_before_it_is_everybodys() -> None:
    """Its first callers are canaries of the same deployment; nobody is sent from where it served."""
    new, other = member("ledger-1", LEDGER), judged("shop-2", "next")
    new.become("next", "d1")

    found = directory_of([member("shop-1", CART), other, new])

    assert found == {
        "cart.v1.Carts": (address("shop-1"),),
        "ledger.v1.Ledger": (address("ledger-1"),),
    }


def hosts_of(number: int) -> list[Member]:
    """So many, each with fifty services of its own."""
    return [
        member(
            f"g{host}-1",
            *(
                Unit((f"s{one}:S",), (f"s{one}.v1.S",), (f"s{one}",))
                for one in range(50 * host, 50 * host + 50)
            ),
        )
        for host in range(number)
    ]


def seconds_to_tell(members: list[Member]) -> float:
    """The least of some tries: what else the machine does only adds to it."""
    found = list[float]()
    for _ in range(5):
        begun = process_time()
        assert len(directory_of(members)) == len(upstreams_of(members)) == 50 * len(members)
        found.append(process_time() - begun)
    return min(found)


def test_what_it_takes_to_tell_of_thousands_grows_with_them_and_no_further() -> None:
    few, many = hosts_of(15), hosts_of(60)

    times = seconds_to_tell(many) / seconds_to_tell(few)

    assert times < 8, "four times as many; services times hosts would be sixteen"
