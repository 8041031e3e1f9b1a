"""A build may be killed or find the disk full wherever it is: what runs goes on, and the next build is whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tests.faults.surroundings import small_disk

if TYPE_CHECKING:
    from collections.abc import Iterator

AMOUNTS = ["some", pytest.param("all", marks=pytest.mark.long)]


def broken(folder: Path, how: str, amount: str) -> dict[str, Any]:
    driver = Path(__file__).with_name("broken_builds.py")
    command = (sys.executable, "-P", driver, folder, how, amount)
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    told = msgspec.json.decode(done.stdout)
    assert len(told["places"]) >= 20
    assert len(told["done"]) >= (4 if amount == "some" else 20)
    return told


@pytest.mark.parametrize("amount", AMOUNTS)
def test_a_build_that_is_killed_leaves_nothing_half(tmp_path: Path, amount: str) -> None:
    for one in broken(tmp_path, "kill", amount)["done"]:
        assert one == {
            "place": one["place"],
            "told": ["killed"],
            "lost": [],
            "again": [],
            "left": [],
        }


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / ".hanse", 400):
        yield tmp_path


@pytest.mark.root("only root mounts")
@pytest.mark.parametrize("amount", AMOUNTS)
def test_a_build_without_room_says_so_and_leaves_nothing_half(disk: Path, amount: str) -> None:
    done = broken(disk, "fill", amount)["done"]
    for one in done:
        said = one.pop("told")
        assert one == {"place": one["place"], "lost": [], "again": [], "left": []}
        assert all("The disk is full: " in each for each in said), one | {"told": said}
    assert sum(bool(one) for one in done) >= len(done) // 2
