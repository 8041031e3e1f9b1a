"""Transactions of calls: what may not be done while one is open, and who may end it."""

import asyncio
from typing import Any

import pytest
import pytest_asyncio

from hanse.runtime.call.deadline import within
from hanse.runtime.call.transaction_open import TransactionOpen
from hanse.runtime.contract.declaration import rpc
from hanse.runtime.contract.service import Service
from hanse.runtime.data.database import Database
from hanse.runtime.data.tests.servers import PATIENCE
from hanse.runtime.errors import DeadlineExceeded
from hanse.runtime.host import Host
from hanse.runtime.host_config import HostConfig
from hanse.runtime.identity.permission import PUBLIC
from hanse.testing import World


class Stock(Service, package="shop.v1"):
    """Called by others."""

    @rpc(allow=PUBLIC)
    async def count(self) -> int:
        return 3


class Gate:
    """Where a test holds a call."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.open = asyncio.Event()
        self.seen: list[Any] = []

    async def wait(self) -> None:
        self.reached.set()
        await self.open.wait()


class Ledger(Service, package="shop.v1"):
    """Books, and asks others."""

    def __init__(self, database: Database, stock: Stock, gate: Gate) -> None:
        self.database = database
        self.stock = stock
        self.gate = gate
        database.prepare(self._prepare)

    async def _prepare(self) -> None:
        await self.database.execute("create table if not exists booking (id int primary key)")

    @rpc("POST /shop/v1/questions", allow=PUBLIC)
    async def ask_inside(self, id: int) -> None:
        async with self.database.transaction():
            await self.database.execute("insert into booking values ($1)", id)
            try:
                await self.stock.count()
            except BaseException as error:
                self.gate.seen.append(error)
                raise

    @rpc(allow=PUBLIC)
    async def ask_after(self, id: int) -> int:
        async with self.database.transaction():
            await self.database.execute("insert into booking values ($1)", id)
        return await self.stock.count()

    @rpc("POST /shop/v1/bookings", allow=PUBLIC)
    async def book(self, id: int, wait: bool = True) -> int:
        async with self.database.transaction():
            await self.database.execute("insert into booking values ($1)", id)
            if wait:
                await self.gate.wait()
        self.gate.seen.append("committed")
        try:
            await asyncio.Event().wait() if wait else None
        except asyncio.CancelledError:
            self.gate.seen.append("cancelled")
            raise
        return id

    @rpc("POST /shop/v1/bookings:inTasks", allow=PUBLIC)
    async def book_in_tasks(self, id: int) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.book(id))

    @rpc("POST /shop/v1/looks", allow=PUBLIC)
    async def look(self) -> None:
        async with self.database.transaction(read_only=True):
            await self.database.fetch("select 1")
            try:
                await self.gate.wait()
            except asyncio.CancelledError:
                self.gate.seen.append("cancelled")
                raise

    @rpc(allow=PUBLIC, timeout=0.3)
    async def hurry(self, id: int) -> None:
        async with self.database.transaction():
            await self.database.execute("insert into booking values ($1)", id)
            await self.database.fetch("select pg_sleep(30)")

    @rpc(allow=PUBLIC)
    async def narrow(self, id: int) -> str:
        async with self.database.transaction():
            await self.database.execute("insert into booking values ($1)", id)
            with within(5):
                row = await self.database.fetch_row("select count(*)::text as n from booking")
        assert row is not None
        return row["n"]


class Desk(Service, package="desk.v1"):
    """Calls the ledger, for those who leave."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    @rpc("POST /desk/v1/bookings", allow=PUBLIC)
    async def book(self, id: int) -> int:
        return await self.ledger.book(id)


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest_asyncio.fixture(params=[False, True], ids=["together", "apart"])
async def world(request: pytest.FixtureRequest, postgres: Database, gate: Gate):
    provided = {Gate: gate, Database: postgres}
    async with World(Ledger, Stock, Desk, apart=request.param, provided=provided) as made:
        yield made


STILL_ASLEEP = """
select 1 from pg_stat_activity
where datname = current_database() and state = 'active' and query = 'select pg_sleep(30)'
"""


async def bookings(database: Database) -> list[int]:
    return [row["id"] for row in await database.fetch("select id from booking order by id")]


async def test_no_service_is_called_while_a_transaction_is_open(
    world: World, postgres: Database, gate: Gate, caplog: pytest.LogCaptureFixture
):
    answer = await world.http().post("/shop/v1/questions", {"id": 1})
    assert answer.status == 500
    assert "transaction" not in answer.text
    (seen,) = gate.seen
    assert isinstance(seen, TransactionOpen)
    assert "End it before the call" in caplog.text
    assert await bookings(postgres) == []


async def test_a_service_is_called_after_the_transaction(world: World, postgres: Database):
    assert await world.get(Ledger).ask_after(1) == 3
    assert await bookings(postgres) == [1]


async def test_nor_does_a_program_call_while_one_of_its_own_is_open(postgres: Database):
    async with Host([Stock], HostConfig(port=None)) as host:
        with pytest.raises(TransactionOpen):
            async with postgres.transaction():
                await host.get(Stock).count()
        assert await host.get(Stock).count() == 3


async def test_a_shorter_deadline_inside_belongs_to_the_same_transaction(world: World):
    assert await world.get(Ledger).narrow(1) == "1"


async def test_the_deadline_ends_a_transaction(world: World, postgres: Database):
    with pytest.raises(DeadlineExceeded):
        await world.get(Ledger).hurry(1)
    assert await bookings(postgres) == []


async def test_a_query_that_is_broken_off_ends_at_the_server_and_nobody_is_accused_of_it(
    world: World, postgres: Database, caplog: pytest.LogCaptureFixture
):
    """What asks the server to end it is begun in the call, by asyncpg, and must outlive that."""
    with pytest.raises(DeadlineExceeded):
        await world.get(Ledger).hurry(1)
    assert "left task" not in caplog.text
    async with asyncio.timeout(PATIENCE):
        while await postgres.fetch(STILL_ASLEEP):
            await asyncio.sleep(0)


@pytest.mark.parametrize("path", ["/shop/v1/bookings", "/shop/v1/bookings:inTasks"])
async def test_a_caller_that_leaves_does_not_end_what_has_begun_to_write(
    world: World, postgres: Database, gate: Gate, path: str
):
    caller = asyncio.create_task(world.http().post(path, {"id": 1}))
    await until(gate.reached.is_set)
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    await left(world)
    gate.open.set()
    await until(lambda: gate.seen == ["committed", "cancelled"])
    assert await bookings(postgres) == [1]


async def test_nor_does_one_that_leaves_a_host_between(
    world: World, postgres: Database, gate: Gate
):
    caller = asyncio.create_task(world.http().post("/desk/v1/bookings", {"id": 1}))
    await until(gate.reached.is_set)
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    await left(world)
    gate.open.set()
    await until(lambda: gate.seen == ["committed", "cancelled"])
    assert await bookings(postgres) == [1]


async def test_a_caller_that_leaves_ends_what_only_reads(world: World, gate: Gate):
    caller = asyncio.create_task(world.http().post("/shop/v1/looks", {}))
    await until(gate.reached.is_set)
    caller.cancel()
    await until(lambda: gate.seen == ["cancelled"])


async def left(world: World) -> None:
    """Returns when the host has seen that the caller is gone."""
    await until(lambda: not any(True for one in world.host.connections if not is_link(one)))


def is_link(connection: object) -> bool:
    return type(connection).__name__ == "ServedLink"


async def until(true) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():
            await asyncio.sleep(0.01)
