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
OFTEN = ("collection",)
SELDOM = (
    "files",
    "idempotency",
    "people",
    "personal",
    "query",
    "resource",
    "rows",
    "table",
    "tests",
)
RUNTIME = tuple(f"src/hanse/runtime/{name}" for name in ("events", "subscriptions", "workflows"))
"""Only with --long, as SELDOM: all take minutes, and most statements are of the others."""

SUITES = (
    *(f"{DATA}/{name}" for name in OFTEN),
    *(
        pytest.param(suite, marks=pytest.mark.long)
        for suite in (*(f"{DATA}/{name}" for name in SELDOM), *RUNTIME, "domains/hiring/tests")
    ),
)

ELSEWHERE = {
    f"{DATA}/personal/tests/test_releases.py::test_a_backfill_brings_up_what_is_sealed": "is of all sites, in a call of one",
    f"{DATA}/rows/tests/test_row_security.py": "makes such a server by itself",
    "domains/hiring/tests/test_in_a_browser.py": "is about what is shown",
}
PLUGINS = ("-p", "no:cacheprovider", "-p", "pytest_asyncio.plugin")
SECONDS = 500


@pytest.mark.parametrize("suite", SUITES)
def test_a_suite_is_as_green_on_a_server_that_keeps_sites_apart(suite):
    left = [f"--deselect={name}" for name in ELSEWHERE if name.startswith(suite)]
    left += ["-k", "not pooled"]  # where it is as it always is
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--tb=short", *PLUGINS, suite, *left],
        cwd=ROOT,
        env=os.environ | {"HANSE_TEST_GUARDED": "1", "PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
