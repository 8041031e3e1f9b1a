"""What is chosen for the brokers of regions stays, and streams never change their cluster."""

import msgspec
import pytest

from hanse.fleet.engine.brokers.plan import PORTS, BrokersError, check_grown, planned
from hanse.fleet.engine.brokers.reach import BrokerTls
from hanse.fleet.engine.brokers.server_file import server_settings


def regions(count: int) -> list[str]:
    return [f"r{number}" for number in range(1, count + 1)]


def roles(count: int) -> list[str]:
    plan = planned(regions(count), None)
    return [plan.role(region) for region in regions(count)]


def test_the_first_one_three_or_five_hold_what_all_share() -> None:
    assert roles(1) == ["alone"]
    assert roles(2) == ["alone", "leaf"]
    assert roles(3) == ["holder"] * 3
    assert roles(4) == ["holder"] * 3 + ["leaf"]
    assert roles(5) == ["holder"] * 5
    assert roles(7) == ["holder"] * 5 + ["leaf"] * 2


def test_what_was_chosen_stays_and_regions_may_come() -> None:
    first = planned(regions(3), None)
    ports = [(one.port, one.route_port, one.leaf_port) for one in first.members]
    assert len({port for some in ports for port in some}) == 9
    assert all(port in PORTS for some in ports for port in some)
    assert planned(regions(3), first) == first
    more = planned(regions(5), first)
    assert more.members[:3] == first.members
    assert (more.route, more.head, len(more.holders)) == (first.route, first.head, 5)
    assert planned(regions(4), planned(regions(3), None)).role("r4") == "leaf"


@pytest.mark.parametrize(("before", "after"), [(1, 3), (2, 4), (5, 4), (5, 3), (3, 2)])
def test_streams_are_never_left_behind(before: int, after: int) -> None:
    with pytest.raises(BrokersError, match=f"with {before} regions, as it was") as caught:
        planned(regions(after), planned(regions(before), None))
    assert "hanse events" in str(caught.value)


def test_who_holds_streams_does_not_change_while_brokers_run() -> None:
    three = planned(regions(3), None)
    for count in (3, 4):
        check_grown(three, regions(count), running=True)
    check_grown(three, regions(5), running=False)
    with pytest.raises(BrokersError, match="First: hanse down, then: hanse up --regions 5"):
        check_grown(three, regions(5), running=True)


def test_the_order_of_regions_is_part_of_it() -> None:
    with pytest.raises(BrokersError, match="lie at the broker of r1"):
        planned(["r2", "r1"], planned(["r1", "r2"], None))


def test_a_broker_knows_no_more_passwords_than_log_in_there(tmp_path) -> None:
    plan = planned(regions(4), None)
    tls = BrokerTls(tmp_path, tmp_path)
    own = plan.members[3]
    told = msgspec.json.encode(server_settings(plan, own, tmp_path, tls)).decode()
    for one in plan.members[:3]:
        assert one.control not in told
        assert one.hosts not in told
    assert plan.route not in told
    assert own.control in told
