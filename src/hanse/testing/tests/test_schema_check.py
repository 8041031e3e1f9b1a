"""`schema.sql` and the migrations say the same, or it is told in which words they differ."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from hanse.testing import check_schema

STORE = "from hanse import Store\n\n\nclass Seats(Store, schema='venue'):\n    pass\n"
FIRST = "create table seat (site_id text, number integer, primary key (site_id, number));"
THEN = "alter table seat add owner text not null default ''; create index seat_owner on seat (site_id, owner);"
SCHEMA = (
    "create table seat (site_id text, owner text not null default '', number integer, primary key (site_id, number));"
    "create index seat_owner on seat (site_id, owner);"
)
CHANGED = {
    "a column": (SCHEMA.replace("number integer", "number bigint"), ["lacks what migrations make: column seat.number integer",
                "has what no migration makes: column seat.number bigint"]),
    "a default": (SCHEMA.replace("''", "'nobody'"), ["nobody"]),
    "null": (SCHEMA.replace("not null ", ""), ["column seat.owner text not null"]),
    "an index": (SCHEMA.partition("create index")[0], ["lacks what migrations make: index CREATE INDEX seat_owner"]),
    "a key": (SCHEMA.replace("(site_id, number)", "(number, site_id)"), ["PRIMARY KEY (site_id, number)"]),
    "a table": (SCHEMA + "create table hold ();", ["has what no migration makes: table hold"]),
    "a rule": (SCHEMA + "alter table seat add check (number > 0);", ["CHECK ((number > 0))"]),
}  # fmt: skip


def store_in(folder: Path, schema: str):
    (folder / "migrations").mkdir()
    (folder / "migrations" / "0001_pre_seats.sql").write_text(FIRST)
    (folder / "migrations" / "0002_pre_owner.sql").write_text(THEN)
    (folder / "migrations" / "schema.sql").write_text(schema)
    (folder / "seats.py").write_text(STORE)
    spec = importlib.util.spec_from_file_location(f"seats_{folder.name}", folder / "seats.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module.Seats


async def test_what_says_the_same_in_another_order_is_accepted(tmp_path):
    await check_schema(store_in(tmp_path, SCHEMA))


@pytest.mark.parametrize("name", CHANGED)
async def test_what_differs_is_told_in_words(name, tmp_path):
    schema, words = CHANGED[name]
    with pytest.raises(AssertionError) as told:
        await check_schema(store_in(tmp_path, schema))
    for each in words:
        assert each in str(told.value)
