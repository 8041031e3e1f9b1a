"""A region renews its identities in time, and follows at once what the head gives it."""

from datetime import timedelta
from pathlib import Path

import pytest

from hanse.fleet.control.region.identities import LOOKED, Identities
from hanse.fleet.identity.project_authority import REGION_LIFE, ProjectAuthority
from hanse.fleet.identity.region_identity import LEAF_LIFE
from hanse.fleet.identity.tests.realm import now
from hanse.fleet.state import StateFolder


class Region:
    """Which is its own clock, and is entrusted with an authority."""

    def __init__(self, folder: Path) -> None:
        self.at = now()
        self.state = StateFolder(folder).of("r1")
        self.head = ProjectAuthority(folder / "authority", "shop")
        self.entrust()
        self.identities = Identities(self.state, "shop", self)

    def now(self):
        return self.at

    def entrust(self) -> None:
        self.head.entrust("r1", self.state.identity, self.at)

    def entrust_by_another_root(self) -> None:
        self.head = ProjectAuthority(self.state.project / "another", "shop")
        self.entrust()

    def shown(self) -> object:
        return self.identities.of_gateway()

    def look(self, *hosts: str) -> bool:
        return self.identities.look(hosts)


@pytest.fixture
def region(tmp_path: Path) -> Region:
    return Region(tmp_path)


def test_nothing_is_looked_at_twice_in_a_minute(region: Region) -> None:
    assert region.look()
    assert not region.look()
    region.at += LOOKED
    assert region.look()


def test_certificates_are_exchanged_at_half_of_their_life(region: Region) -> None:
    region.look()
    before = region.shown()

    region.at += LEAF_LIFE / 2
    region.look()

    assert region.shown() != before


def test_what_the_head_gives_is_followed_at_once(region: Region) -> None:
    region.look()
    before = region.shown()
    region.entrust_by_another_root()

    assert region.look()

    assert region.shown() != before


def test_what_is_wrong_is_looked_at_again_at_once(region: Region) -> None:
    region.at += REGION_LIFE + timedelta(days=1)

    assert region.look()
    assert "ran out" in region.identities.notes[0]
    assert region.look()


def test_a_host_that_is_gone_is_forgotten_at_once(region: Region) -> None:
    region.look()
    region.identities.of_host("r1.desk-1")
    file = region.state.identity / "host-r1.desk-1.pem"
    region.look("r1.desk-1")
    assert file.exists()

    region.look()

    assert not file.exists()
