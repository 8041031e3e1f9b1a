"""Connections that break, servers that restart or are killed, pools that run dry: and afterwards."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import nullcontext, suppress

import psutil
import pytest
import pytest_asyncio

from hanse.kit.fault_points import watched_session
from hanse.kit.fault_watch import watched_by
from hanse.runtime.data.database import Database
from hanse.runtime.data.failures import GoneBefore
from hanse.runtime.data.session import open_session
from hanse.runtime.data.tests.servers import PATIENCE
from hanse.runtime.errors import HanseError, Unavailable
from hanse.testing.fault_rules import FaultRules
from hanse.testing.servers.postgres_server import PostgresServer

WORKERS = 20


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """One to be broken."""
    with PostgresServer() as started:
        yield started


@pytest_asyncio.fixture
async def database(server: PostgresServer) -> AsyncIterator[Database]:
    async with Database(server.config(await server.create())) as opened:
        await opened.execute("create table entry (id serial primary key, n int not null)")
        yield opened


@pytest_asyncio.fixture
async def admin(server: PostgresServer, database: Database) -> AsyncIterator[Database]:
    async with Database(server.config(server.url())) as opened:
        yield opened


async def end_others(admin: Database, matching: str) -> int:
    rows = await admin.fetch(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where pid <> pg_backend_pid() and datname like 'world%' and query like $1 and wait_event = 'PgSleep'",
        matching,
    )
    return len(rows)


async def until(reached) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await reached():
            await asyncio.sleep(0.02)


async def test_a_connection_that_was_ended_while_idle_is_not_noticed(
    database: Database, admin: Database
):
    for number in range(3):
        await admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname like 'world%'"
        )
        await until(lambda: nobody(admin))
        assert await database.execute("insert into entry (n) values ($1)", number) == 1


async def one_row() -> AsyncIterator[tuple[int]]:
    yield (7,)


@pytest.mark.parametrize("watched", [False, True])
async def test_whatever_comes_to_a_connection_that_has_just_ended_can_be_done_on_another(
    server: PostgresServer, watched: bool
):
    with watched_by(FaultRules()) if watched else nullcontext():
        session = watched_session(await open_session(server.config(server.url())))
        session.end()
        with pytest.raises(GoneBefore):
            await session.run("select 1", ())
        with pytest.raises(GoneBefore):
            await session.describe("select 1")
        with pytest.raises(GoneBefore):
            await session.copy_in(("", "entry"), ["n"], one_row())


async def test_a_connection_that_ended_inside_a_transaction_is_no_fault_of_a_service(
    database: Database, admin: Database
):
    with pytest.raises(Unavailable):
        async with database.transaction():
            await database.execute("insert into entry (n) values (1)")
            await admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname like 'world%'"
            )
            await until(lambda: nobody(admin))
            await database.execute("insert into entry (n) values (2)")
    assert await database.fetch("select n from entry") == []


async def nobody(admin: Database) -> bool:
    return not await admin.fetch("select 1 from pg_stat_activity where datname like 'world%'")


async def test_what_only_reads_is_begun_again_where_its_connection_breaks(
    database: Database, admin: Database
):
    reading = asyncio.create_task(database.fetch_row("select 7 as seven, pg_sleep(0.5)"))
    await until(lambda: end_others(admin, "select 7%"))
    row = await reading
    assert row is not None and row["seven"] == 7


@pytest.mark.parametrize(
    "statement",
    [
        "insert into entry (n) select 1 from pg_sleep(5)",
        "with new as (insert into entry (n) select 1 from pg_sleep(5)) select 1",
        "select pg_catalog.pg_sleep(5)",
        "select 1 as n from entry, pg_sleep(5) for update",
    ],
)
async def test_what_may_write_is_not(database: Database, admin: Database, statement: str):
    await database.execute("insert into entry (n) values (0)")
    writing = asyncio.create_task(database.fetch(statement))
    await until(lambda: end_others(admin, f"{statement[:20]}%"))
    with pytest.raises(Unavailable, match="may be done"):
        await writing
    assert len(await database.fetch("select 1 from entry")) == 1


@pytest.mark.parametrize("way", ["stopped", "killed"])
async def test_after_an_outage_under_load_nothing_acknowledged_is_lost(
    server: PostgresServer, database: Database, way: str
):
    acknowledged = unknown = 0
    stopping = asyncio.Event()

    async def worker(number: int) -> None:
        nonlocal acknowledged, unknown
        while not stopping.is_set():
            try:
                if number % 2:
                    await database.execute("insert into entry (n) values ($1)", number)
                else:
                    async with database.transaction():
                        await database.execute("insert into entry (n) values ($1)", number)
                acknowledged += 1
            except Unavailable:
                unknown += 1
                await asyncio.sleep(0.01)

    workers = [asyncio.create_task(worker(number)) for number in range(WORKERS)]
    await until(lambda: at_least(lambda: acknowledged, 200))
    await asyncio.to_thread(outage, server, way)
    before = acknowledged
    await until(lambda: at_least(lambda: acknowledged, before + 200))
    stopping.set()
    await asyncio.gather(*workers)
    row = await database.fetch_row("select count(*) as n from entry")
    assert row is not None
    assert acknowledged <= row["n"] <= acknowledged + unknown
    assert unknown


async def at_least(count, wanted: int) -> bool:
    return count() >= wanted


def outage(server: PostgresServer, way: str) -> None:
    family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    if way == "killed":
        os.kill(server.pid, signal.SIGKILL)
    server.stop(keep=True)
    psutil.wait_procs(family, timeout=30)  # the killed one's children see it and end
    server.start()


async def test_while_it_is_away_everybody_is_told_at_once(
    server: PostgresServer, database: Database
):
    server.stop(keep=True)
    async with asyncio.timeout(10):
        answers = await asyncio.gather(
            *(database.fetch("select 1") for _ in range(300)), return_exceptions=True
        )
    assert {type(answer) for answer in answers} == {Unavailable}
    server.start()
    assert await database.fetch("select 1")


async def test_connections_nobody_uses_are_closed(server: PostgresServer, admin: Database):
    import msgspec

    from hanse.kit.clock import monotonic

    config = msgspec.structs.replace(server.config(await server.create()), idle_timeout=5.0)
    async with Database(config) as database:
        await asyncio.gather(*(database.fetch("select pg_sleep(0.5)") for _ in range(5)))
        name = config.url.reveal().partition("@/")[2].partition("?")[0]

        async def are(wanted: int) -> bool:
            rows = await admin.fetch("select 1 from pg_stat_activity where datname = $1", name)
            return len(rows) == wanted

        await until(lambda: are(5))
        database.look(monotonic() + 1)
        assert await are(5)
        database.look(monotonic() + 6)
        await until(lambda: are(0))
        assert await database.fetch("select 1")


async def test_closing_ends_what_runs(server: PostgresServer):
    database = Database(server.config(await server.create()))
    async with database:
        running = asyncio.create_task(database.fetch("select pg_sleep(30)"))
        waiting = [asyncio.create_task(database.fetch("select pg_sleep(30)")) for _ in range(20)]
        with suppress(TimeoutError):
            async with asyncio.timeout(0.2):
                await running
        running = waiting[0]
    for task in waiting:
        with pytest.raises(HanseError):
            await task
