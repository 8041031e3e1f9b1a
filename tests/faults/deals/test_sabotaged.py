"""Kills have to show what they are for: builds that are broken on purpose are noticed within two hundred seeds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.deals.sabotaged import BUILDS, SEEDS, Build, broken, copied, noticed


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("builds")
    copied(folder)
    yield folder


def test_what_is_to_be_broken_is_there():
    assert len({build.broken for build in BUILDS}) == len(BUILDS) >= 10
    for build in BUILDS:
        assert broken(build) != (Path(__file__).parents[3] / build.file).read_text()


@pytest.mark.long
@pytest.mark.parametrize("build", BUILDS, ids=lambda build: build.broken)
def test_each_is_noticed(build: Build, copy: Path) -> None:
    assert noticed(build, copy) <= SEEDS
