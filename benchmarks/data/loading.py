"""How a contestant's database comes to its rows: by COPY, its indexes made afterwards."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from benchmarks.data import contact
from benchmarks.data.contestants import Contestant, make_tables
from benchmarks.environment import say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.data.plan import Plan
    from benchmarks.data.postgres import Postgres

_SECONDARY = """
select format('%I.%I', schemaname, indexname), indexdef from pg_indexes
where format('%s.%s', schemaname, tablename) = '{table}' and indexdef not like '%(site_id, id)'
"""


class Times(msgspec.Struct, frozen=True):
    """Seconds that the rows took, and then the indexes."""

    copy: float
    indexes: float


def fill(contestant: Contestant, postgres: Postgres, plan: Plan) -> None:
    """Make its database with all rows.

    Raises:
        ServerError: Its tables cannot be made, or PostgreSQL refuses a row.
    """
    postgres.create(contestant.name)
    make_tables(contestant, postgres)
    times = load(contestant, postgres, rows=plan.rows, sites=range(plan.sites))
    size = postgres.bytes(contestant.name) / 1e6
    say(
        f"  {contestant.name}: {plan.sites * plan.rows:,} rows in {times.copy:.0f} s, indexes in "
        f"{times.indexes:.0f} s, {size:,.0f} MB"
    )


def load(contestant: Contestant, postgres: Postgres, *, rows: int, sites: Iterable[int]) -> Times:
    """Add rows of some sites; then it is as after a night: analysed, and nothing to write.

    Raises:
        ServerError: PostgreSQL refuses a row.
    """
    name = contestant.name
    indexes = postgres.run(_SECONDARY.format(table=contestant.table), database=name)
    block = contact.block(rows, contestant.columns)
    begun = time.monotonic()
    for index, _ in indexes:
        postgres.run(f"drop index {index}", database=name)
    postgres.copy(
        f"{contestant.table} ({contestant.column_names})",
        (block(site) for site in sites),
        database=name,
    )
    copied = time.monotonic()
    for _, definition in indexes:
        postgres.run(definition, database=name)
    made = time.monotonic()
    postgres.settle(name)
    return Times(copied - begun, made - copied)
