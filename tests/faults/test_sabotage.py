"""Each promise is broken in a copy of the source, and a test has to notice."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.sabotages import AREAS
from tests.faults.sabotages.row import Sabotage

ROOT = Path(__file__).parents[2]
OFTEN = 2
"""So many rows of each area run every time, the others with --long: all of them take minutes."""

ROWS = [row for area in AREAS for row in area]
often = [row for area in AREAS for row in area[:OFTEN]]
seldom = [row for area in AREAS for row in area[OFTEN:]]

SKIPPED = shutil.ignore_patterns("node_modules", "static", "publish/tests", ".hanse", ".hypothesis")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What a test run needs of the project, compiled as it is there; one for all rows."""
    made = tmp_path_factory.mktemp("copy")
    for folder in ("src", "examples", "domains", "tests/faults"):
        shutil.copytree(ROOT / folder, made / folder, ignore=SKIPPED)
    for name in ("pyproject.toml", "conftest.py"):
        shutil.copy2(ROOT / name, made / name)
    yield made
    shutil.rmtree(made)


def run_tests(
    folder: Path, *tests: str, seconds: float = 60, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Runs tests of a copy, and nothing of the original."""
    command = [
        sys.executable, "-m", "pytest", "-x", "-q", "--tb=line", "-p", "pytest_asyncio.plugin",
        "-p", "no:cacheprovider", "-p", "no:doctest", *tests,
    ]  # fmt: skip
    environment = os.environ | {
        "PYTHONPATH": str(folder / "src"),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONDONTWRITEBYTECODE": "1",  # or what was broken would be found compiled by the next
        "PYTEST_ADDOPTS": "",
    }
    return subprocess.run(
        command,
        cwd=folder,
        env=environment | variables,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def assert_noticed(row: Sabotage, copy: Path) -> None:
    file = copy / row.file
    file.write_text(broken(row, file.read_text()))
    try:
        ran = run_tests(copy, row.test, PATIENCE="3")  # what is broken may never come
    finally:
        shutil.copy2(ROOT / row.file, file)  # with its time, by which it is known as compiled
    # 1 is "tests ran and failed"; anything else says that they did not run
    assert ran.returncode == 1, f"nobody noticed: {row.promise}\n{ran.stdout[-2000:]}{ran.stderr}"


def broken(row: Sabotage, source: str) -> str:
    assert source.count(row.old) == 1, f"{row.file} has moved on: find {row.old!r} anew"
    return source.replace(row.old, row.new)


def assert_green(rows: list[Sabotage], copy: Path) -> None:
    ran = run_tests(copy, *dict.fromkeys(row.test for row in rows), seconds=300)
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr


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
