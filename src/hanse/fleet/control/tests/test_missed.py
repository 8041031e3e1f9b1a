"""What a region that answers again is brought to, by what is written down."""

import msgspec

from hanse.fleet.control.hosts.member import MemberRecord, Part
from hanse.fleet.control.hosts.wanted import Wanted
from hanse.fleet.control.region.api import HostStatus
from hanse.fleet.control.regions.desired import Desired, DesiredGroup
from hanse.fleet.control.regions.missed import missed
from hanse.fleet.directory import entries
from hanse.fleet.plan import PlannedGroup

SHOP = PlannedGroup("shop", ())


class Written:
    """A directory in which this is desired."""

    def __init__(self, **groups: DesiredGroup) -> None:
        self._groups = groups

    def desired(self, name: str) -> entries.Desired | None:
        found = self._groups.get(name)
        return entries.Desired(msgspec.json.encode(found), 1) if found else None


def host(region: str, release: str, part: Part = "", deployment: str = "") -> HostStatus:
    record = MemberRecord(f"{region}.shop-1", SHOP, release, "", False, deployment, part)
    return HostStatus(record=record, answering=True, restarts=0, socket="", region=region)


def wanted(release: str) -> Wanted:
    return Wanted(SHOP, release, "", False)


def written(release: str, deployment: str = "") -> Desired:
    directory = Written(shop=DesiredGroup(wanted(release), deployment))
    return Desired(directory)


def test_what_was_missed_is_what_is_written_down_whatever_others_run() -> None:
    found = missed([host("r2", "old")], [host("r1", "older")], written("new"))

    assert found == ((wanted("new"),), ())


def test_the_region_where_a_release_is_proven_keeps_it() -> None:
    own = [host("r1", "new", deployment="d1")]

    assert missed(own, [host("r2", "old")], written("old", "d1")).wanted == (wanted("new"),)


def test_a_region_that_was_away_does_not_get_what_is_not_proven() -> None:
    others = [host("r1", "new", deployment="d1")]

    assert missed([host("r2", "old")], others, written("old", "d1")).wanted == (wanted("old"),)


def test_hosts_of_a_deployment_that_is_over_are_left_over() -> None:
    own = [host("r1", "old"), host("r1", "new", "canary", "d1")]

    assert missed(own, [host("r2", "old")], written("old")).left_over == ("r1.shop-1",)
    assert missed(own, [host("r2", "old")], written("old", "d1")).left_over == ()
    standing_by = [host("r2", "new", deployment="d1")]
    assert missed(own, standing_by, written("new")).left_over == ()


def test_a_region_without_hosts_runs_what_the_others_run_where_nothing_is_written() -> None:
    empty = Desired(Written())

    assert missed([], [host("r1", "old")], empty).wanted == (wanted("old"),)
