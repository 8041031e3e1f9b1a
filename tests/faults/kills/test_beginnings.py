"""Hosts are killed while they make tables, indexes and migrations, or rewrite: who begins after them finds all whole."""

from __future__ import annotations

import asyncio
import json

import asyncpg
import pytest

from hanse.kit.fetch import fetch
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.testing import FAULT_POINTS
from tests.faults.kills.scene import BEGINNINGS, ELSEWHERE, ERASING, POINTS, Ground, aim

ROWS = 500
WHOM = ["host", "both"]

INSERT = """
insert into shop.people (site_id, id, revision, create_time, update_time, shape, doc)
select 's', gen_random_uuid(), 1, now(), now(), 1, jsonb_build_object('name', 'Eve ' || n)
from generate_series(1, $1::int) n
"""
INDEXES = """
select indisvalid and indisready from pg_index
where indrelid = 'shop.people'::regclass and not indisprimary
"""
COUNTED = [
    {"name": "filled", "count": 12, "note": "counted"},
    {"name": "made", "count": 12, "note": "counted"},
]

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_at_every_point_somebody_is_killed():
    assert sorted([*POINTS, *BEGINNINGS, ERASING, *ELSEWHERE]) == sorted(FAULT_POINTS)


async def fresh(ground: Ground) -> DatabaseConfig:
    return ground.server.config(await ground.server.create())


async def killed(ground: Ground, whom: str) -> None:
    await ground.hosts.kill()
    if whom == "both":
        ground.kill_postgres()


async def shown(url: str, path: str, verb: str = "GET"):
    status, _, body = await fetch(f"{url}{path}", verb=verb)
    assert status == 200, body
    return json.loads(body)


async def old_rows(ground: Ground) -> DatabaseConfig:
    """What a release before has left: a table without its newer index, full of older documents."""
    config = await fresh(ground)
    await ground.hosts.begin(config, flock="old")
    await ground.hosts.kill()
    connection = await asyncpg.connect(config.url.reveal())
    await connection.execute(INSERT.replace("$1", str(ROWS)))
    await connection.close()
    return config


async def until(connection: asyncpg.Connection, text: str, wanted: list[object]) -> None:
    async with asyncio.timeout(30):
        while [row[0] for row in await connection.fetch(text)] != wanted:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("point", "whom", "most"),
    [
        ("table.made", "both", 1),
        pytest.param("migration.statement", "host", 5, marks=pytest.mark.long),
        ("migration.statement", "both", 1),
        ("migration.kept", "host", 2),
        ("pool.connected", "host", 1),
        ("data.transaction.before_commit", "host", 1),
        pytest.param("pool.connected", "host", 3, marks=pytest.mark.long),
        ("data.transaction.committed", "both", 2),
        pytest.param("data.transaction.before_commit", "host", 20, marks=pytest.mark.long),
        pytest.param("data.transaction.committed", "host", 20, marks=pytest.mark.long),
        pytest.param("data.transaction.wrote", "host", 40, marks=pytest.mark.long),
        pytest.param("data.transaction.commit_sent", "both", 20, marks=pytest.mark.long),
        pytest.param("data.write.sent", "both", 20, marks=pytest.mark.long),
    ],
)
async def test_wherever_a_first_host_is_killed_the_next_one_makes_the_rest(
    ground: Ground, point: str, whom: str, most: int
) -> None:
    stops = 0
    for nth in range(1, most + 1):
        config = await fresh(ground)
        if await ground.hosts.begin(config, flock="new", point=point, nth=nth):
            await ground.hosts.kill()
            break
        stops += 1
        await killed(ground, whom)
        url = await ground.hosts.begin(config, flock="new")
        assert await shown(url, "/shop/v1/tally") == COUNTED
        assert (await shown(url, "/shop/v1/people"))["items"] == []
        await ground.hosts.kill()
        ground.server.drop(config.url.reveal())
    assert stops, f"nobody was killed at {point}"


@pytest.mark.parametrize("whom", WHOM)
async def test_an_index_that_is_half_made_is_made_whole(ground: Ground, whom: str) -> None:
    config = await old_rows(ground)
    writer = await asyncpg.connect(config.url.reveal())
    await writer.execute("begin; lock table shop.people in row exclusive mode")  # it waits for us
    begun = asyncio.ensure_future(ground.hosts.begin(config, flock="new", point="index.half"))
    other = await asyncpg.connect(config.url.reveal())
    await until(other, INDEXES, [False])
    if await begun:
        await ground.hosts.stopped()
    await other.close()
    if whom == "host":
        await ground.hosts.kill()
        await writer.close()
    else:
        await killed(ground, whom)
    await all_is_whole(ground, config)


@pytest.mark.parametrize("whom", WHOM)
async def test_an_index_that_was_just_made_stays(ground: Ground, whom: str) -> None:
    config = await old_rows(ground)
    if await ground.hosts.begin(config, flock="new", point="index.made"):
        await ground.hosts.stopped()
    await killed(ground, whom)
    await all_is_whole(ground, config)


async def all_is_whole(ground: Ground, config: DatabaseConfig) -> None:
    url = await ground.hosts.begin(config, flock="new")
    connection = await asyncpg.connect(config.url.reveal())
    await until(connection, INDEXES, [True])
    assert await connection.fetchval("select count(*) from shop.people") == ROWS
    await connection.close()
    page = await shown(url, "/shop/v1/people?page_size=500")
    assert {one["first"] for one in page["items"]} == {"Eve"}
    await ground.hosts.kill()


@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("whom", WHOM)
async def test_a_backfill_that_was_broken_off_is_gone_on_with(
    ground: Ground, whom: str, nth: int
) -> None:
    config = await old_rows(ground)
    url = await ground.hosts.begin(config, flock="new")
    await aim(url, "backfill.batch", nth)
    asking = asyncio.ensure_future(fetch(f"{url}/shop/v1/backfills", verb="POST"))
    await ground.hosts.stopped()
    await killed(ground, whom)
    await asyncio.wait((asking,))
    assert asking.exception() is not None

    connection = await asyncpg.connect(config.url.reveal())
    left = await connection.fetchval("select count(*) from shop.people where shape = 1")
    assert 0 < left < ROWS
    url = await ground.hosts.begin(config, flock="new")
    assert await shown(url, "/shop/v1/backfills", "POST") == left
    kinds = (
        "select distinct format('%s %s', revision, doc->>'first') from shop.people where shape = 2"
    )
    await until(connection, kinds, ["1 Eve"])
    assert await connection.fetchval("select count(*) from shop.people where shape = 2") == ROWS
    await connection.close()
    await ground.hosts.kill()
