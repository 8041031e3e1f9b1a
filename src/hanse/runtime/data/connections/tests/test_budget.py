"""Processes of a machine take their connections out of one budget: none is refused, starves or hangs."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hanse.kit.clock import monotonic
from hanse.runtime.config.secret import Secret
from hanse.runtime.data.connections.places import Places
from hanse.runtime.data.connections.pool import SPARE_SECONDS
from hanse.runtime.data.connections.tests import sharing_process
from hanse.runtime.data.database import Database
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.runtime.data.tests.servers import PATIENCE
from hanse.runtime.errors import Unavailable

FEW = 4
"""Connections that the server lets in of one login."""

PROCESSES, CALLERS = 3, 8
OPEN = "select pid from pg_stat_activity where usename = 'few'"


@pytest.fixture
async def admin(servers):
    server = servers.server("18")
    url = await server.create()
    async with Database(server.direct(url)) as opened:
        await opened.execute(f"create role few login connection limit {FEW}")
        yield opened
        await opened.execute("drop role few")
    server.drop(url)


@pytest.fixture
def few(admin):
    """The URL of a login that the server lets in so often, and no more."""
    return admin.config.url.reveal().replace("//hanse@", "//few@")


@contextmanager
def sharing(url: str, folder: Path, callers: int = CALLERS) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, sharing_process.__file__, url, str(folder), str(FEW), str(callers)],
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def database(url: str, folder: Path, places: int = FEW, wait: float = PATIENCE) -> Database:
    config = DatabaseConfig(
        url=Secret(url), shared=folder, shared_connections=places, wait_timeout=wait
    )
    return Database(config)


async def test_several_processes_share_what_a_server_lets_in(few, tmp_path):
    with (
        sharing(few, tmp_path) as one,
        sharing(few, tmp_path) as two,
        sharing(few, tmp_path) as three,
    ):
        answers = [asyncio.to_thread(each.stdout.readline) for each in (one, two, three)]
        async with asyncio.timeout(PATIENCE):
            told = await asyncio.gather(*answers)
    assert told == [f"{CALLERS * sharing_process.EACH}\n"] * PROCESSES


async def test_what_a_process_had_is_free_when_it_is_killed(few, tmp_path, admin):
    with sharing(few, tmp_path, callers=20) as one:
        assert await asyncio.to_thread(one.stdout.readline)  # and keeps what it has
        held = await admin.fetch(OPEN)
        assert len(held) == FEW
    async with database(few, tmp_path) as left, asyncio.timeout(PATIENCE):
        await asyncio.gather(*(left.fetch("select pg_sleep(0.1)") for _ in range(20)))
        assert len(await admin.fetch(OPEN)) == FEW
        assert not {row["pid"] for row in held} & {row["pid"] for row in await admin.fetch(OPEN)}


async def test_who_finds_none_is_told_so_in_time(few, tmp_path):
    async with database(few, tmp_path, places=1) as one, database(few, tmp_path, 1, 0.2) as other:
        async with one.transaction():
            await one.execute("select 1")
            with pytest.raises(Unavailable, match="busy for too long") as caught:
                await asyncio.wait_for(asyncio.create_task(elsewhere(other)), PATIENCE)
        assert caught.value.retry_after


async def test_who_has_none_gets_one_of_who_is_never_idle(few, tmp_path):
    async with database(few, tmp_path, places=2) as one:
        over = asyncio.Event()

        async def asks() -> None:
            while not over.is_set():
                await one.fetch("select pg_sleep(0.001)")
                one.look(monotonic())

        busy = [asyncio.create_task(asks()) for _ in range(6)]
        await asyncio.gather(*(one.fetch("select pg_sleep(0.01)") for _ in range(4)))
        try:
            async with database(few, tmp_path, 2, PATIENCE) as other, asyncio.timeout(PATIENCE):
                assert len(await other.fetch("select 1")) == 1
        finally:
            over.set()
            await asyncio.gather(*busy, return_exceptions=True)


async def test_what_is_idle_goes_to_who_waits(few, tmp_path, admin):
    async with database(few, tmp_path) as one, database(few, tmp_path) as other:
        await asyncio.gather(*(one.fetch("select pg_sleep(0.5)") for _ in range(FEW)))
        assert len(await admin.fetch(OPEN)) == FEW

        async def served_by() -> int:
            (row,) = await other.fetch("select pg_backend_pid() as pid, pg_sleep(0.2)")
            return row["pid"]

        asking = asyncio.gather(*(served_by() for _ in range(2 * FEW)))
        async with asyncio.timeout(PATIENCE):
            while not asking.done():
                one.look(monotonic() + SPARE_SECONDS + 1)
                await asyncio.sleep(0.01)
        assert len(set(await asking)) > 1
        assert len(await admin.fetch(OPEN)) <= FEW


async def test_who_has_to_give_its_connection_up_hears_what_it_wrote(few, tmp_path):
    async with database(few, tmp_path) as one:
        await one.fetch("select 1")
        asking = asyncio.create_task(one.execute("select pg_sleep(0.1)"))
        async with asyncio.timeout(PATIENCE):
            while not one._access.pool.in_use:
                await asyncio.sleep(0.001)
        Places(tmp_path, FEW).ask(starving=True)
        one.look(monotonic())

        assert await asking == 1
        assert one._access.pool.size == 0


async def test_what_is_used_each_second_is_kept_whoever_waits(few, tmp_path, admin):
    async with database(few, tmp_path) as one:
        await asyncio.gather(*(one.fetch("select pg_sleep(0.5)") for _ in range(2)))
        waiting = Places(tmp_path, FEW)
        waiting.ask(starving=False)

        one.look(monotonic() + SPARE_SECONDS / 2)
        assert len(await admin.fetch(OPEN)) == 2
        one.look(monotonic() + SPARE_SECONDS + 1)
        async with asyncio.timeout(PATIENCE):
            while len(await admin.fetch(OPEN)) > 1:
                await asyncio.sleep(0.01)


async def test_who_is_in_haste_for_a_moment_opens_none_beside_those_that_come_back(few, tmp_path):
    async with database(few, tmp_path) as one:
        pool = one._access.pool
        first = await pool.take()
        second = asyncio.create_task(pool.take())
        await asyncio.sleep(0)

        pool.give(first)

        assert await second is first
        assert pool.size == 1
        third = await asyncio.wait_for(pool.take(), PATIENCE)
        assert third is not first, "who waits for longer has one opened"
        pool.give(first)
        pool.give(third)


async def elsewhere(database: Database) -> None:
    await database.fetch("select 1")


def test_each_begins_to_look_elsewhere_so_that_what_is_taken_is_not_opened_each_time(tmp_path):
    pools = [Places(tmp_path, 10_000) for _ in range(4)]

    assert all(one.take() for one in (*pools, *pools))

    looked_at = sorted(int(file.name) for file in tmp_path.iterdir())
    assert len(looked_at) == 8, "none twice"
    assert looked_at != list(range(8))
    for one in pools:
        one.give()
        one.give()
