"""Who competes over HTTP, and how the database of each comes to its tables and rows."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING

import msgspec

from benchmarks import machine
from benchmarks.data import contact
from benchmarks.data.over_http.dialect import Dialect, HanseDialect, SQLAlchemyDialect
from benchmarks.environment import PYTHON, ROOT
from benchmarks.server import Server, ServerError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.data.plan import Plan
    from benchmarks.data.postgres import Postgres

HANSE = "hanse"
SQLALCHEMY = "fastapi_sqlalchemy"

SETTLED_SECONDS = 0.3


class Contestant(msgspec.Struct, frozen=True):
    """One of them.

    Attributes:
        name: Also of its database.
        app: The module that serves.
        tables: The module that makes its tables and ends.
        table: Where its contacts are.
        columns: How it lays out a row, and in which columns.
        dialect: How it wants to be asked.
    """

    name: str
    app: str
    tables: str
    table: str
    columns: contact.Columns
    column_names: str
    dialect: Dialect

    def settings(self, postgres: Postgres) -> dict[str, str]:
        """How its processes find its database."""
        return {"BENCH_POSTGRES": postgres.host, "BENCH_DATABASE": self.name}

    def server(self, postgres: Postgres, keys: Mapping[str, str]) -> Server:
        """Its service, not yet started."""
        return Server(self.app, {**keys, **self.settings(postgres)})

    def revisions(self, postgres: Postgres, plan: Plan) -> dict[tuple[int, int], int]:
        """Of the contacts that are changed, by site and number, once nobody changes them."""
        found = self._revisions(postgres, plan)
        while True:  # what the last run of wrk left under way ends
            time.sleep(SETTLED_SECONDS)
            before, found = found, self._revisions(postgres, plan)
            if found == before:
                return found

    def _revisions(self, postgres: Postgres, plan: Plan) -> dict[tuple[int, int], int]:
        pairs = [(site, number) for number in plan.updated() for site in range(plan.sites)]
        ids = {str(contact.contact_id(*pair)): pair for pair in pairs}
        sites = ",".join(contact.site_name(site) for site in range(plan.sites))
        rows = postgres.run(
            f"select id, revision from {self.table} where site_id = any('{{{sites}}}') "
            f"and id = any('{{{','.join(ids)}}}')",
            database=self.name,
        )
        now = {ids[key]: int(revision) for key, revision in rows}
        return {pair: now[pair] for pair in pairs}


CONTESTANTS = [
    Contestant(
        name=SQLALCHEMY,
        app="benchmarks.data.fastapi_sqlalchemy.app",
        tables="benchmarks.data.fastapi_sqlalchemy.tables",
        table="public.contacts",
        columns=contact.plain_columns,
        column_names="site_id, id, revision, create_time, update_time, first_name, last_name, "
        "email, phone, company, stage, score, address, tags, last_seen, note",
        dialect=SQLAlchemyDialect(),
    ),
    Contestant(
        name=HANSE,
        app="benchmarks.data.hanse_contacts.app",
        tables="benchmarks.data.inside.collection",
        table="crm.contacts",
        columns=contact.document_columns,
        column_names="site_id, id, revision, create_time, update_time, delete_time, shape, doc",
        dialect=HanseDialect(),
    ),
]


def make_tables(contestant: Contestant, postgres: Postgres) -> None:
    """As the contestant itself makes them.

    Raises:
        ServerError: It cannot.
    """
    run_module(contestant.tables, contestant.settings(postgres))


def run_module(module: str, settings: Mapping[str, str], *, core: int | None = None) -> str:
    """Runs a module to its end, on one core if it is given; the last line it says.

    Raises:
        ServerError: It failed.
    """
    command = [str(PYTHON), "-m", module]
    done = subprocess.run(
        command if core is None else machine.pinned(core, command),
        cwd=ROOT,
        env={**os.environ, **settings},
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise ServerError(f"{module} failed: {done.stderr[-2000:].strip()}")
    return done.stdout.rstrip().rpartition("\n")[2]
