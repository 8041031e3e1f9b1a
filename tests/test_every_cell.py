"""The suites of data once more in every other cell: an older PostgreSQL, a pooler, a guard between sites.

Any run has them in the cell of the newest PostgreSQL, reached directly. What differs in another is
a statement that only one of them takes, or that left its site.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from conftest import absent
from hanse.runtime.data.tests.servers import DEBIAN_15

ROOT = Path(__file__).parents[1]
DATA = "src/hanse/runtime/data"
PGBOUNCER = "/usr/sbin/pgbouncer"


class Cell(NamedTuple):
    """What a run is told, and what is had in it each time; all suites are with --long."""

    often: str
    variables: dict[str, str]


OLD, POOLED = {"HANSE_TEST_POSTGRES": str(DEBIAN_15)}, {"HANSE_TEST_PGBOUNCER": PGBOUNCER}
CELLS = {
    "15-direct": Cell("rows/tests/test_store.py", OLD),
    "15-pooled": Cell("idempotency/tests/test_once.py", OLD | POOLED),
    "18-pooled": Cell("resource/tests/test_answers.py", POOLED),
    "18-guarded": Cell("collection", {"HANSE_TEST_GUARDED": "1"}),
}

OF_DATA = (
    *("collection", "files", "idempotency", "migrations", "people", "personal", "query"),
    *("resource", "rows", "table", "tests"),
)
DOMAINS = ("domains/hiring/tests", "examples/boutique")
OF_RUNTIME = ("beside", "events", "leases", "mail", "subscriptions", "webhooks", "workflows")
"""Not behind a pooler, which they are had behind where it matters: they begin processes, copy databases, have engines of guests."""

SUITES = (*(f"{DATA}/{name}" for name in OF_DATA), *DOMAINS)
MORE = tuple(f"src/hanse/runtime/{name}" for name in OF_RUNTIME)

ELSEWHERE = {
    "domains/hiring/tests/test_in_a_browser.py": "is about what is shown",
}
NOT_GUARDED = {
    f"{DATA}/personal/tests/test_releases.py::test_a_backfill_brings_up_what_is_sealed": "is of all sites, in a call of one",
    f"{DATA}/rows/tests/test_row_security.py": "makes such a server by itself",
}
NOT_POOLED = {
    f"{DATA}/rows/tests/test_row_security.py": "is about a login of the server's, which its own pooler would have to know",
    f"{DATA}/table/tests/test_table.py::test_what_another_host_makes_is_left_to_it": "holds a lock of a session",
    f"{DATA}/tests/test_outages.py": "is about connections that end",
    f"{DATA}/tests/test_too_old.py": "is about another server",
}

PLUGINS = ("-p", "no:cacheprovider", "-p", "pytest_asyncio.plugin")
ALONE = {"PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
SECONDS = 900


def elsewhere(name: str) -> dict[str, str]:
    """What a cell has no part in, and why."""
    return (
        ELSEWHERE
        | (NOT_GUARDED if "guarded" in name else {})
        | (NOT_POOLED if "pooled" in name else {})
    )


OFTEN = [pytest.param(name, f"{DATA}/{cell.often}", id=name) for name, cell in CELLS.items()]
SELDOM = [
    pytest.param(name, suite, id=f"{name}-{suite}", marks=pytest.mark.long)
    for name, cell in CELLS.items()
    for suite in (*SUITES, *(() if "pooled" in name else MORE))
    if suite not in (f"{DATA}/{cell.often}", *elsewhere(name))
]


@pytest.mark.parametrize(("name", "suite"), [*OFTEN, *SELDOM])
def test_a_suite_is_as_green_in_another_cell(name, suite):
    variables = CELLS[name].variables
    for program in variables.values():
        if program.startswith("/") and not Path(program).exists():
            absent(program)
    left_out = [f"--deselect={one}" for one in elsewhere(name) if one.startswith(suite)]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--tb=short", *PLUGINS, suite, *left_out],
        cwd=ROOT,
        env=os.environ | ALONE | variables,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
