"""Each promise is broken in a copy of the source, and a test has to notice."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.faults.sabotages import AREAS
from tests.faults.sabotages.row import Sabotage
from tests.forked_pytest import ForkedPytest

ROOT = Path(__file__).parents[2]
OFTEN = 1
"""So many rows of each area run every time, the others with --long: each takes some seconds."""

ROWS = [row for area in AREAS for row in area]
often = [row for area in AREAS for row in area[:OFTEN]]
seldom = [row for area in AREAS for row in area[OFTEN:]]

SKIPPED = shutil.ignore_patterns("node_modules", "static", "publish/tests", ".hanse", ".hypothesis")


class Copy(NamedTuple):
    """What a test run needs of the project, compiled as it is there, and what runs its tests."""

    folder: Path
    pytest: ForkedPytest

    def run(self, *tests: str, seconds: int = 60, **environment: str) -> tuple[int, str]:
        """Runs tests of the copy, and nothing of the original."""
        return self.pytest.run(
            self.folder, "-x", "--tb=line", "-m", "", *tests, seconds=seconds, **environment
        )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """One for all rows."""
    made = tmp_path_factory.mktemp("copy")
    for folder in ("src", "examples", "domains", "tests/faults", "tests/end_to_end"):
        shutil.copytree(ROOT / folder, made / folder, ignore=SKIPPED)
    for name in ("pyproject.toml", "conftest.py"):
        shutil.copy2(ROOT / name, made / name)
    # Nothing is compiled, or what was broken would be found so by the next.
    with ForkedPytest(PYTHONPATH=str(made / "src"), PYTHONDONTWRITEBYTECODE="1") as forked:
        yield Copy(made, forked)
    shutil.rmtree(made)


def assert_noticed(row: Sabotage, copy: Copy) -> None:
    file = copy.folder / row.file
    file.write_text(broken(row, file.read_text()))
    try:
        code, said = copy.run(row.test, PATIENCE="3")  # what is broken may never come
    finally:
        shutil.copy2(ROOT / row.file, file)  # with its time, by which it is known as compiled
    # 1 is "tests ran and failed"; anything else says that they did not run
    assert code == 1, f"nobody noticed: {row.promise}\n{said[-3000:]}"


def broken(row: Sabotage, source: str) -> str:
    assert source.count(row.old) == 1, f"{row.file} has moved on: find {row.old!r} anew"
    return source.replace(row.old, row.new)


def assert_green(rows: list[Sabotage], copy: Copy) -> None:
    code, said = copy.run(*dict.fromkeys(row.test for row in rows), seconds=300)
    assert code == 0, said[-3000:]


def test_the_table_is_of_one_piece():
    promises = [row.promise for row in ROWS]
    assert len(set(promises)) == len(promises) >= 200
    for row in ROWS:
        source = (ROOT / row.file).read_text()
        assert broken(row, source) != source


def test_without_sabotage_all_of_them_pass(copy):
    """Otherwise red would mean nothing."""
    assert_green(often, copy)


@pytest.mark.long
def test_without_sabotage_every_other_passes(copy):
    assert_green(seldom, copy)


@pytest.mark.parametrize("row", often, ids=lambda row: row.promise)
def test_a_broken_promise_is_noticed(row, copy):
    assert_noticed(row, copy)


@pytest.mark.long
@pytest.mark.parametrize("row", seldom, ids=lambda row: row.promise)
def test_every_other_broken_promise_is_noticed(row, copy):
    assert_noticed(row, copy)
