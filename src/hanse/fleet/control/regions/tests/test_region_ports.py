"""Gateways of regions on one machine have ports that follow each other, and never one between two."""

import pytest

from hanse.fleet.control.hosts.rollout import ChangeFailed
from hanse.fleet.control.region.api import RegionWish
from hanse.fleet.control.regions.region_ports import RegionPorts, ports_of
from hanse.runtime.project.gateway_table import GatewayTable

THREE = ("r1", "r2", "r3")


def ports(table: GatewayTable, **wish: int) -> list[RegionPorts]:
    return list(ports_of(table, RegionWish(project="shop", **wish), THREE).values())


def test_the_first_has_those_that_were_said_and_the_others_follow() -> None:
    assert ports(GatewayTable(port=9000, tls_port=9100)) == [
        RegionPorts(9000, 9100), RegionPorts(9001, 9101), RegionPorts(9002, 9102),
    ]  # fmt: skip


def test_where_nobody_said_which_the_usual_one_is_tried_first_and_another_taken() -> None:
    found = ports(GatewayTable(port=9000))
    assert [(one.https, one.https_first) for one in found] == [
        (None, 8443), (None, 8444), (None, 8445),
    ]  # fmt: skip
    assert [one.https_first for one in ports(GatewayTable(port=8442))] == [0, 0, 8445]


def test_beside_a_port_of_the_command_line_and_where_any_will_do_none_is_tried_first() -> None:
    for found in (ports(GatewayTable(), port=9000), ports(GatewayTable(tls_port=0))):
        assert {(one.https, one.https_first) for one in found} == {(None, None)}


def test_two_doors_never_have_one_port() -> None:
    with pytest.raises(ChangeFailed, match=r"HTTPS of r1 and HTTP of r2 would both have port 9001"):
        ports(GatewayTable(port=9000, tls_port=9001))
