"""The suites of data once more, over a server that keeps sites apart by itself: nothing is otherwise.

What differs is a statement that left its site, or a rule of PostgreSQL's that we did not know.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DATA = "src/hanse/runtime/data"
OFTEN = ("collection", "idempotency", "rows")
SELDOM = ("files", "personal", "query", "resource")
"""Only with --long: all of them take minutes, and most statements are of the others."""

FOLDERS = (*OFTEN, *(pytest.param(name, marks=pytest.mark.long) for name in SELDOM))

ELSEWHERE = {
    "personal/tests/test_releases.py::test_a_backfill_brings_up_what_is_sealed": "is of all sites, in a call of one",
    "rows/tests/test_row_security.py": "makes such a server by itself",
}
SECONDS = 500


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_suite_is_as_green_on_a_server_that_keeps_sites_apart(folder):
    left = [f"--deselect={DATA}/{name}" for name in ELSEWHERE if name.startswith(folder)]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", f"{DATA}/{folder}", *left],
        cwd=ROOT,
        env=os.environ | {"HANSE_TEST_GUARDED": "1", "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
