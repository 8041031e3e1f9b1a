"""The disk of PostgreSQL fills up under writes: what was acknowledged stays, errors say why, and it goes on when there is room."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from hanse.runtime.data.database import Database
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.testing import PostgresServer
from hanse.testing.servers.unprivileged import NOBODY
from tests.faults.kills.client import Client
from tests.faults.kills.hosts import Hosts
from tests.faults.kills.ledger import Entry, Ledger
from tests.faults.kills.scene import rows_of
from tests.faults.kills.verdict import complaints
from tests.faults.surroundings import fill, small_disk

pytestmark = pytest.mark.root("only root mounts")

PAGE = 3000
"""Characters of a row of which two need a page."""
FAILURES = 5
TRIES = 4000
PATIENCE_SECONDS = 60.0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 150):
        yield tmp_path / "disk"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger")
    yield ledger
    ledger.close()


@contextmanager
def full(disk: Path) -> Iterator[None]:
    fill(disk / "ballast")
    yield
    (disk / "ballast").unlink()


async def fill_up(client: Client) -> list[Entry]:
    """Creates rows until some failed; those."""
    failed: list[Entry] = []
    for _ in range(TRIES):
        entry = await client.fill(PAGE)
        if entry.word != "done":
            failed.append(entry)
        if len(failed) == FAILURES:
            return failed
    raise AssertionError("the disk is not full")


async def write_ahead(config: DatabaseConfig) -> None:
    """Has the server write more into its log than it keeps room for."""
    connection = await asyncpg.connect(config.url.reveal())
    try:
        for _ in range(100):
            await connection.execute(
                "select pg_logical_emit_message(false, 'much', repeat('x', 8000000))"
            )
    finally:
        connection.terminate()


async def until_it_is_back(client: Client) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await client.look():
            await asyncio.sleep(0.05)


async def all_is_there(config: DatabaseConfig, client: Client, ledger: Ledger) -> None:
    before = client.done
    for _ in range(5):
        assert (await client.fill(PAGE)).word == "done"
    assert client.done == before + 5
    assert complaints(ledger.read(), await rows_of(config, "s")) == []


async def test_tables_without_room_refuse_what_is_new_and_lose_nothing(tmp_path, disk, ledger):
    disk.chmod(0o755)
    place = disk / "tables"
    place.mkdir()
    os.chown(place, NOBODY, NOBODY)
    with PostgresServer() as server:
        async with Database(server.config(server.url())) as admin:
            await admin.execute(f"create tablespace small location '{place}'")
            await admin.execute("create database full_one tablespace small")
        config = server.config(server.url("full_one"))
        client = Client(0, ledger, random.Random(1))
        async with Hosts(tmp_path / "files") as hosts:
            client.url = await hosts.begin(config)
            await client.prepare()
            with full(disk):
                failed = await fill_up(client)
                assert {entry.status for entry in failed} == {503}
                assert all("disk of the database is full" in one.answer["detail"] for one in failed)
                assert await client.look(), "what is there can be read"
            await all_is_there(config, client, ledger)
            client.close()
            await hosts.kill()


async def test_a_server_without_room_for_its_log_has_all_that_was_acknowledged(
    tmp_path, disk, ledger
):
    server = PostgresServer(data=disk / "data")
    try:
        server.start()
        config = server.config(await server.create())
        client = Client(0, ledger, random.Random(1))
        async with Hosts(tmp_path / "files") as hosts:
            client.url = await hosts.begin(config)
            await client.prepare()
            with full(disk):
                await fill_up(client)
                with pytest.raises((asyncpg.PostgresError, OSError)):
                    await write_ahead(config)
                failed = [await client.fill(PAGE) for _ in range(FAILURES)]
                assert {entry.status for entry in failed} == {503}
            server.stop(keep=True)
            server.start()
            await until_it_is_back(client)
            await all_is_there(config, client, ledger)
            client.close()
            await hosts.kill()
    finally:
        server.stop()
