"""Worlds whose services keep something: each has a database of its own, in a real PostgreSQL."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from hanse import PUBLIC, Clock, Collection, Database, Entity, Service, entity, rpc
from hanse.testing import Faults, PostgresServer, World

BEGIN = """
from hanse.testing import PostgresServer
server = PostgresServer()
server.start()
print(server.pid, server.url().partition("host=")[2], flush=True)
input()
"""


class Notes(Service, package="notes.v1"):
    """Keeps notes, and when they were written."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        database.prepare(self._make_table)

    async def _make_table(self) -> None:
        await self._database.execute(
            "create table note (id serial primary key, text text, time timestamptz)"
        )

    @rpc(allow=PUBLIC)
    async def write(self, text: str) -> int:
        row = await self._database.fetch_row(
            "insert into note (text, time) values ($1, $2) returning id", text, self._clock.now()
        )
        assert row is not None
        return row["id"]

    @rpc(allow=PUBLIC)
    async def read(self) -> tuple[str, ...]:
        rows = await self._database.fetch("select text from note order by id")
        return tuple(row["text"] for row in rows)


async def test_a_world_has_a_database_of_its_own():
    async with World(Notes) as one, World(Notes, apart=True) as other:
        assert await one.get(Notes).write("a") == 1
        assert await other.get(Notes).write("b") == 1
        assert await one.get(Notes).read() == ("a",)
        assert (await one.http().get("/health/ready")).status == 200


async def test_what_is_stored_has_the_time_of_the_world():
    async with World(Notes) as world:
        world.clock.advance(3600)
        await world.get(Notes).write("later")
        assert world.database is not None
        row = await world.database.fetch_row("select time from note")
        assert row is not None and row["time"] == world.clock.now()


async def test_a_database_of_ones_own_is_taken_instead():
    with PostgresServer() as server:
        async with Database(server.config(await server.create())) as mine:
            async with World(Notes, provided={Database: mine}) as world:
                assert await world.get(Notes).write("here") == 1
                assert world.database is mine
            assert len(await mine.fetch("select * from note")) == 1


def test_a_server_ends_with_its_process_even_if_that_is_killed():
    process = subprocess.Popen(
        [sys.executable, "-c", BEGIN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdin is not None
    pid, folder = process.stdout.readline().split()
    server = psutil.Process(int(pid))
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    server.wait(timeout=30)
    watch = [
        one for one in psutil.process_iter(["cmdline"]) if folder in (one.info["cmdline"] or ())
    ]
    psutil.wait_procs(watch, timeout=30)
    assert not Path(folder).exists()


@pytest.mark.parametrize("lasting", [True, False])
async def test_what_is_to_last_waits_for_the_disk(tmp_path, lasting):
    with PostgresServer(data=tmp_path / "data" if lasting else None) as server:
        async with Database(server.config(server.url())) as database:
            names = ("fsync", "full_page_writes", "synchronous_commit")
            shown = [(await database.fetch_row(f"show {name}"))[0] for name in names]
    assert shown == (["on", "on", "on"] if lasting else ["off", "off", "on"])


@entity("copied.drafts")
class Draft(Entity):
    text: str


class Drafts(Service, package="drafts.v1"):
    """Keeps drafts."""

    def __init__(self, drafts: Collection[Draft]) -> None:
        self._drafts = drafts

    @rpc("POST /drafts/v1/drafts", allow=PUBLIC)
    async def keep(self, text: str) -> tuple[str, ...]:
        await self._drafts.create(Draft(text=text))
        return tuple(draft.text for draft in (await self._drafts.query()).items)


async def the_table(world):
    return (await world.database.fetch_row("select 'copied.drafts'::regclass::oid"))[0]


async def test_the_third_world_of_a_kind_is_a_copy_in_which_nobody_was():
    tables = []
    for number in range(4):
        async with World(Drafts) as world:
            key = {"idempotency-key": "same"}
            answer = await world.http().request(
                "POST", "/drafts/v1/drafts", {"text": str(number)}, key
            )
            assert answer.json == [str(number)], answer.text
            tables.append(await the_table(world))
    assert tables[0] != tables[1] == tables[2] == tables[3]


async def test_a_world_with_faults_begins_from_nothing_every_time():
    for _ in range(4):
        faults = Faults()
        async with World(Drafts, faults=faults) as world:
            assert await world.get(Drafts).keep("a") == ("a",)
        assert faults.reached["table.made"] == 1
