"""Each promise is broken in a copy of the source, and a test has to notice."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.sabotages import SABOTAGES, Sabotage

ROOT = Path(__file__).parents[2]
RUNTIME = Path("src/hanse/runtime")
ALWAYS = 36
"""So many rows run every time, the others with --long: the whole table takes minutes on two cores."""

often, seldom = SABOTAGES[::2][:ALWAYS], [*SABOTAGES[1::2], *SABOTAGES[::2][ALWAYS:]]


def copy_of_source(folder: Path) -> Path:
    """What a test run needs of the project."""
    skipped = shutil.ignore_patterns("__pycache__", "node_modules", "static", "publish/tests")
    shutil.copytree(ROOT / "src", folder / "src", ignore=skipped)
    for name in ("pyproject.toml", "conftest.py"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def run_tests(folder: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    """Runs tests of a copy, and nothing of the original."""
    command = [
        sys.executable, "-m", "pytest", "-x", "-q", "--tb=line", "-p", "pytest_asyncio.plugin",
        "-p", "no:cacheprovider", "-p", "no:doctest",
        *(str(RUNTIME / test) for test in tests),
    ]  # fmt: skip
    environment = os.environ | {
        "PYTHONPATH": str(folder / "src"),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_ADDOPTS": "",
        "PATIENCE": "3",
    }
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def sabotaged(row: Sabotage, folder: Path) -> Path:
    """A copy in which one promise is broken."""
    copy = copy_of_source(folder)
    file = copy / RUNTIME / row.file
    source = file.read_text()
    assert source.count(row.old) == 1, f"{row.file} has moved on: find {row.old!r} anew"
    file.write_text(source.replace(row.old, row.new))
    return copy


def assert_noticed(row: Sabotage, folder: Path) -> None:
    ran = run_tests(sabotaged(row, folder), row.test)
    # 1 is "tests ran and failed"; anything else says that they did not run
    assert ran.returncode == 1, f"nobody noticed: {row.promise}\n{ran.stdout[-2000:]}{ran.stderr}"


def test_the_table_is_of_one_piece():
    promises = [row.promise for row in SABOTAGES]
    assert len(set(promises)) == len(promises) >= 60
    for row in SABOTAGES:
        text = (ROOT / RUNTIME / row.file).read_text()
        assert text.count(row.old) == 1, f"{row.file} has moved on: find {row.old!r} anew"
        assert row.old != row.new


def test_without_sabotage_all_of_them_pass(tmp_path):
    """Otherwise red would mean nothing."""
    tests = dict.fromkeys(row.test for row in SABOTAGES)
    ran = run_tests(copy_of_source(tmp_path), *tests)
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr


@pytest.mark.parametrize("row", often, ids=lambda row: row.promise)
def test_a_broken_promise_is_noticed(row, tmp_path):
    assert_noticed(row, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("row", seldom, ids=lambda row: row.promise)
def test_every_other_broken_promise_is_noticed(row, tmp_path):
    assert_noticed(row, tmp_path)
