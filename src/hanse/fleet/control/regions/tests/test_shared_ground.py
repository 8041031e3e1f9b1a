"""Regions have authorities that last, and nobody looks at them more often than that takes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hanse.fleet.control.regions.shared_ground import ENTRUSTED, SharedGround
from hanse.fleet.identity.kept import AUTHORITY, TRUSTED
from hanse.fleet.identity.project_authority import REGION_LIFE
from hanse.fleet.state import StateFolder


class Fleet:
    """Which is its own clock."""

    def __init__(self, folder: Path) -> None:
        self.head = StateFolder(folder)
        self.head.prepare()
        self.at = datetime(2030, 1, 1, tzinfo=UTC)
        self.ground = SharedGround(self.head, self)

    def now(self) -> datetime:
        return self.at

    def entrust(self, *names: str) -> None:
        self.ground.entrust("shop", [self.head.of(name) for name in names])

    def has(self, name: str) -> bool:
        folder = self.head.of(name).identity
        return (folder / AUTHORITY).exists() and (folder / TRUSTED).exists()

    def authority(self, name: str) -> bytes:
        return (self.head.of(name).identity / AUTHORITY).read_bytes()

    def lose(self, name: str, file: str) -> None:
        (self.head.of(name).identity / file).unlink()


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    return Fleet(tmp_path)


def test_a_region_that_comes_to_it_is_entrusted_at_once(fleet: Fleet) -> None:
    fleet.entrust("r1")

    fleet.entrust("r1", "r2")

    assert fleet.has("r1")
    assert fleet.has("r2")


@pytest.mark.parametrize("file", [AUTHORITY, TRUSTED])
def test_a_folder_that_lost_a_file_has_it_again_in_a_minute(fleet: Fleet, file: str) -> None:
    fleet.entrust("r1")
    fleet.lose("r1", file)

    fleet.at += ENTRUSTED
    fleet.entrust("r1")

    assert fleet.has("r1")


def test_whoever_is_brought_up_anew_is_entrusted_at_once(fleet: Fleet) -> None:
    fleet.entrust("r1")
    fleet.lose("r1", AUTHORITY)

    fleet.ground.prepare("shop", [fleet.head.of("r1")])

    assert fleet.has("r1")


@pytest.mark.parametrize("moved", [REGION_LIFE / 2, -timedelta(days=1)])
def test_an_authority_is_renewed_in_time_and_by_a_clock_that_was_set_back(
    fleet: Fleet, moved: timedelta
) -> None:
    fleet.entrust("r1")
    fleet.at += timedelta(days=30)
    fleet.entrust("r1")
    before = fleet.authority("r1")

    fleet.at += moved
    fleet.entrust("r1")

    assert fleet.authority("r1") != before
