"""Migrations are applied once, in order, whoever tries and whatever breaks off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from hanse.kit.clock import monotonic
from hanse.runtime.data.database import Database
from hanse.runtime.data.migrations.migration import MigrationError
from hanse.runtime.data.migrations.run import Migrations
from hanse.runtime.data.migrations.tests.venue import (
    FILES,
    NAMES,
    applied,
    indexes,
    migrating,
    write,
)

WAITING = "select xact_start as since from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"

PATIENCE = 30.0


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    limit = monotonic() + PATIENCE
    while not await condition():
        assert monotonic() < limit, "it did not come true in time"


async def test_an_empty_database_gets_everything_in_order_once(place, database, tmp_path):
    files = write(tmp_path)
    first = await Migrations(files, place.config()).apply()
    again = await Migrations(files, place.config()).apply()
    assert [step.name for step in first.steps] == NAMES == await applied(database)
    assert not again
    assert (await indexes(database))["seat_owner"]


async def test_of_what_comes_later_post_waits_until_it_is_asked_for(place, database, tmp_path):
    await Migrations(write(tmp_path), place.config()).apply()
    later = Migrations(
        write(tmp_path, {"0005_pre_a": "create table a ();", "0006_post_b": "drop table a;"}),
        place.config(),
    )
    agenda = await later.apply()
    assert [step.name for step in agenda.steps] == ["0005_pre_a"]
    assert [step.name for step in agenda.waiting] == ["0006_post_b"]
    assert [step.name for step in (await later.apply(post=True)).steps] == ["0006_post_b"]
    assert await applied(database) == [*NAMES, "0005_pre_a", "0006_post_b"]


async def test_a_pre_behind_a_post_that_waits_is_refused_with_what_to_do(place, database, tmp_path):
    await Migrations(write(tmp_path), place.config()).apply()
    later = Migrations(
        write(tmp_path, {"0005_post_a": "drop table last;", "0006_pre_b": "create table b ();"}),
        place.config(),
    )
    with pytest.raises(MigrationError, match="hanse migrate --post"):
        await later.apply()
    assert await applied(database) == NAMES
    await later.apply(post=True)
    assert len(await applied(database)) == 6


async def test_a_file_that_was_changed_after_it_was_applied_is_refused_by_its_name(place, tmp_path):
    await Migrations(write(tmp_path), place.config()).apply()
    changed = write(tmp_path, {"0002_pre_row": FILES["0002_pre_row"] + "-- a thought"})
    with pytest.raises(MigrationError, match="0002_pre_row is not what was applied"):
        await Migrations(changed, place.config()).apply()


async def test_what_a_newer_release_applied_is_left_alone(place, tmp_path):
    files = write(tmp_path)
    await Migrations(files, place.config()).apply()
    assert not await Migrations(files[:2], place.config()).apply()


async def test_hosts_that_start_at_once_apply_each_file_once(place, tmp_path):
    files = write(tmp_path)
    hosts = 2 if place.pooled else 4
    done = await asyncio.gather(*(Migrations(files, place.config()).apply() for _ in range(hosts)))
    assert sum(len(agenda.steps) for agenda in done) == len(FILES)


async def test_a_file_that_fails_leaves_nothing_and_can_be_mended(place, database, tmp_path):
    wrong = write(tmp_path, FILES | {"0004_pre_note": "create table half (); select nonsense;"})
    with pytest.raises(MigrationError, match='0004_pre_note fails.*column "nonsense"'):
        await Migrations(wrong, place.config()).apply()
    row = await database.fetch_row("select to_regclass('venue.half')::text as half")
    assert row is not None and row["half"] is None
    assert await applied(database) == NAMES[:3]
    await Migrations(write(tmp_path), place.config()).apply()
    assert await applied(database) == NAMES


async def test_a_beginning_that_was_broken_off_is_gone_on_with_to_its_end(
    place, database, tmp_path
):
    files = {
        "0001_pre_a": "create table a ();",
        "0002_post_b": "create table b (",
        "0003_pre_c": "create table c ();",
    }
    with pytest.raises(MigrationError, match="0002_post_b fails"):
        await Migrations(write(tmp_path, files), place.config()).apply()
    await Migrations(
        write(tmp_path, files | {"0002_post_b": "drop table a;"}), place.config()
    ).apply()
    assert await applied(database) == ["0001_pre_a", "0002_post_b", "0003_pre_c"]


async def test_an_index_that_cannot_be_made_is_made_when_it_can(postgres, tmp_path):
    double = (
        "-- hanse: concurrently\ncreate unique index concurrently seat_owner on venue.seat (owner);"
    )
    files = write(
        tmp_path,
        FILES
        | {
            "0001_pre_seats": FILES["0001_pre_seats"].replace("n from", "1 + n from")
            + "update seat set owner = 'ada';",
            "0003_pre_owner": double,
        },
    )
    migrations = Migrations(files, postgres.config)
    with pytest.raises(MigrationError, match="0003_pre_owner fails"):
        await migrations.apply()
    assert (await indexes(postgres))["seat_owner"] is False
    await postgres.execute("update venue.seat set owner = number::text")
    await migrations.apply()
    assert (await indexes(postgres))["seat_owner"] is True


async def test_a_file_waits_shortly_for_a_table_lets_others_pass_and_tries_again(
    postgres, tmp_path
):
    files = write(tmp_path)
    await Migrations(files[:1], postgres.config).apply()
    tries: set[object] = set()

    async def tried_again() -> bool:
        tries.update(row["since"] for row in await postgres.fetch(WAITING))
        return len(tries) > 1

    async with Database(postgres.config) as other, other.transaction():
        await other.execute("lock table venue.seat in access share mode")
        applying = asyncio.create_task(
            Migrations(files, postgres.config, lock_seconds=0.05).apply()
        )
        await until(tried_again)
    assert len((await applying).steps) == 3


async def test_what_would_be_done_is_told_and_not_done(place, database, tmp_path):
    agenda = await Migrations(write(tmp_path), place.config()).agenda()
    assert [step.name for step in agenda.steps] == NAMES
    row = await database.fetch_row("select to_regclass('hanse.migration')::text as ledger")
    assert row is not None and row["ledger"] is None


# Where a process is killed: how many files are there before, and what keeps it waiting at the next.
KILLED = {
    "while it decides": (1, "lock table hanse.migration in exclusive mode"),
    "in a file": (1, "lock table venue.seat in access share mode"),
    "in an index": (2, "update venue.seat set owner = 'ada' where number = 1"),
    "after an index": (2, "select pg_advisory_xact_lock(3)"),
    "in the last file": (3, "lock table venue.seat in share mode"),
    "after the last file": (3, "select pg_advisory_xact_lock(4)"),
}
WAIT = """
    create function hanse.wait() returns trigger language plpgsql as $$
    begin
        if new.done then perform pg_advisory_xact_lock(new.number); end if;
        return new;
    end $$
"""


@pytest.mark.parametrize("where", KILLED)
async def test_who_comes_after_one_that_was_killed_goes_on_with_its_work(where, postgres, tmp_path):
    config = postgres.config
    files = write(tmp_path)
    before, held = KILLED[where]
    await Migrations(files[:before], config).apply()
    await postgres.execute(WAIT)
    await postgres.execute(
        "create trigger wait before update on hanse.migration for each row execute function hanse.wait()"
    )

    async def waits() -> bool:
        return bool(await postgres.fetch(WAITING))

    async with Database(config) as other, other.transaction():
        await other.execute(held)
        host = migrating(config, tmp_path)
        await until(waits)
        host.kill()
        host.communicate()
    await Migrations(files, config).apply()
    assert await applied(postgres) == NAMES
    assert (await indexes(postgres))["seat_owner"]
    row = await postgres.fetch_row("select count(*) as seats from venue.seat where row = 1")
    assert row is not None and row["seats"] == 20
