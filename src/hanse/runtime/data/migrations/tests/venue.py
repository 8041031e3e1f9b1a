"""A schema with four migrations, and a process of its own that applies them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from hanse.runtime.config.secret import Secret
from hanse.runtime.data.database import Database
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.runtime.data.migrations.migration import Migration, read_migrations
from hanse.runtime.data.migrations.run import Migrations

SEATS = """
create table seat (
    site_id text collate "C", number integer, owner text, primary key (site_id, number)
);
insert into seat (site_id, number) select 'acme', n from generate_series(1, 20) n;
"""
FILES = {
    "0001_pre_seats": SEATS,
    "0002_pre_row": "alter table seat add column row integer not null default 1; create table made_twice ();",
    "0003_pre_owner": "-- hanse: concurrently\ncreate index concurrently seat_owner on venue.seat (site_id, owner);",
    "0004_pre_note": "comment on table seat is 'Where people sit.'; create table last ();",
}
NAMES = list(FILES)


def write(folder: Path, files: dict[str, str] = FILES) -> tuple[Migration, ...]:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.sql").write_text(text)
    return read_migrations(folder, "venue")


async def applied(database: Database) -> list[str]:
    rows = await database.fetch("select name from hanse.migration where done order by number")
    return [row["name"] for row in rows]


async def indexes(database: Database) -> dict[str, bool]:
    rows = await database.fetch(
        "select class.relname as name, indisvalid as valid from pg_index join pg_class class on class.oid = indexrelid"
        " join pg_namespace space on space.oid = relnamespace where nspname = 'venue'"
    )
    return {row["name"]: row["valid"] for row in rows}


def migrating(config: DatabaseConfig, folder: Path) -> subprocess.Popen[bytes]:
    """A process that applies what is in a folder, as a host does that starts."""
    return subprocess.Popen(
        [sys.executable, __file__, config.url.reveal(), config.pooler, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def main() -> None:
    url, pooler, folder = sys.argv[1:]
    config = DatabaseConfig(url=Secret(url), pooler=pooler)  # pyright: ignore[reportArgumentType]  one of the two
    agenda = asyncio.run(Migrations(read_migrations(Path(folder), "venue"), config).apply())
    print(*(step.name for step in agenda.steps))


if __name__ == "__main__":
    main()
