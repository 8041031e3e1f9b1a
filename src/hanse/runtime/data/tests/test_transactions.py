"""Transactions: all or nothing, together with whatever else their call does, and never lost."""

import asyncio

import pytest
import pytest_asyncio

from hanse.runtime.data.database import Database
from hanse.runtime.data.failures import SerializationConflict, UniqueViolation
from hanse.runtime.data.tests.servers import Place
from hanse.runtime.errors import Aborted, DeadlineExceeded, HanseError, Internal

TASKS = 100


@pytest_asyncio.fixture
async def counter(database: Database) -> Database:
    await database.execute("create table counter (id int primary key, n int not null)")
    await database.execute("insert into counter values (1, 0)")
    return database


async def value(database: Database) -> int:
    row = await database.fetch_row("select n from counter where id = 1")
    assert row is not None
    return row["n"]


async def put(database: Database, n: int) -> None:
    await database.execute("update counter set n = $1 where id = 1", n)


def beside(work):
    """Run as somebody who has no part in the transaction around."""
    import contextvars

    return asyncio.Task(work, loop=asyncio.get_running_loop(), context=contextvars.Context())


async def test_a_block_is_kept_whole_and_seen_by_others_at_its_end_only(counter: Database):
    async with counter.transaction():
        await put(counter, 5)
        assert await value(counter) == 5
        assert await beside(value(counter)) == 0
    assert await beside(value(counter)) == 5


async def test_a_block_that_fails_leaves_nothing(counter: Database):
    with pytest.raises(ZeroDivisionError):
        async with counter.transaction():
            await put(counter, 5)
            raise ZeroDivisionError
    assert await value(counter) == 0


async def test_a_failure_that_is_caught_does_not_make_half_a_transaction(counter: Database):
    with pytest.raises(Aborted):
        async with counter.transaction():
            await put(counter, 5)
            with pytest.raises(UniqueViolation):
                await counter.execute("insert into counter values (1, 1)")
            with pytest.raises(Aborted):
                await counter.fetch("select 1")
    assert await value(counter) == 0


async def test_a_block_inside_is_a_part_and_fails_with_all(counter: Database):
    with pytest.raises(Aborted, match="A part of this transaction failed"):
        async with counter.transaction():
            await put(counter, 5)
            with pytest.raises(ZeroDivisionError):
                async with counter.transaction():
                    await put(counter, 6)
                    raise ZeroDivisionError
    assert await value(counter) == 0


async def test_a_block_with_a_savepoint_fails_alone(counter: Database):
    async with counter.transaction():
        await put(counter, 5)
        with pytest.raises(UniqueViolation):
            async with counter.transaction(savepoint=True):
                await put(counter, 6)
                await counter.execute("insert into counter values (1, 1)")
        async with counter.transaction(savepoint=True):
            await counter.execute("insert into counter values (2, 2)")
    assert await value(counter) == 5
    assert len(await counter.fetch("select * from counter")) == 2


async def test_a_part_gets_no_more_than_the_whole(counter: Database):
    with pytest.raises(Internal, match="cannot stand in"):
        async with counter.transaction(), counter.transaction(isolation="serializable"):
            pass
    async with counter.transaction(isolation="serializable"), counter.transaction():
        await put(counter, 1)
    assert await value(counter) == 1


async def test_tasks_of_one_transaction_take_turns(counter: Database):
    async with counter.transaction():
        await asyncio.gather(*(counter.execute("update counter set n = n + 1") for _ in range(20)))
    assert await value(counter) == 20


async def test_what_only_reads_may_not_write(counter: Database):
    with pytest.raises(HanseError):
        async with counter.transaction(read_only=True):
            assert await value(counter) == 0
            await put(counter, 5)
    assert await value(counter) == 0


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
async def test_a_storm_on_one_row_is_counted_exactly(counter: Database, isolation):
    async def step() -> None:
        await put(counter, await value(counter) + 1)

    await asyncio.gather(*(counter.transact(step, isolation=isolation) for _ in range(TASKS)))
    assert await value(counter) == TASKS


async def test_only_a_conflict_is_tried_again(counter: Database):
    tries: list[int] = []

    async def step() -> None:
        tries.append(1)
        raise Aborted("as somebody else had it")

    with pytest.raises(Aborted):
        await counter.transact(step)
    assert len(tries) == 1


async def test_a_conflict_inside_a_larger_transaction_ends_that(counter: Database):
    tries: list[int] = []

    async def step() -> None:
        tries.append(1)
        before = await value(counter)
        await beside(put(counter, 7))
        await put(counter, before + 1)

    with pytest.raises(SerializationConflict):
        async with counter.transaction(isolation="serializable"):
            await counter.transact(step)
    assert len(tries) == 1
    assert await value(counter) == 7


async def test_of_two_that_wait_for_each_other_one_is_told(counter: Database):
    await counter.execute("insert into counter values (2, 0)")
    both = asyncio.Barrier(2)

    async def cross(first: int, second: int) -> None:
        async with counter.transaction():
            await counter.execute("update counter set n = n + 1 where id = $1", first)
            await both.wait()
            await counter.execute("update counter set n = n + 1 where id = $1", second)

    ended = await asyncio.gather(cross(1, 2), cross(2, 1), return_exceptions=True)
    assert [type(one) for one in ended if one is not None] == [SerializationConflict]
    assert await value(counter) == 1


async def test_a_lock_is_held_until_the_end_and_needs_a_transaction(counter: Database):
    order: list[str] = []
    held = asyncio.Event()

    async def first() -> None:
        async with counter.transaction():
            await counter.lock("settle")
            held.set()
            await counter.fetch("select pg_sleep(0.1)")
            order.append("first")

    async def second() -> None:
        await held.wait()
        async with counter.transaction():
            await counter.lock("settle")
            order.append("second")

    await asyncio.gather(first(), second())
    assert order == ["first", "second"]
    with pytest.raises(Internal, match="none is open"):
        await counter.lock("settle")


async def test_a_cancelled_transaction_is_undone_and_its_connection_clean(place: Place):
    async with Database(place.config(connections=1)) as database:
        await database.execute("create table counter (id int primary key, n int)")
        await database.execute("insert into counter values (1, 0)")
        for wait in ("select pg_sleep(30)", "select 1"):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1), database.transaction():
                    await put(database, 5)
                    await database.fetch(wait)
                    await asyncio.Event().wait()
            assert await value(database) == 0


async def test_an_idle_transaction_is_ended_by_the_server(place: Place):
    async with Database(place.config(statement_timeout=0.2)) as database:
        await database.execute("create table counter (id int primary key, n int)")
        await database.execute("insert into counter values (1, 0)")
        with pytest.raises(HanseError):
            async with database.transaction():
                await put(database, 5)
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.6):
                        await asyncio.Event().wait()
        assert await value(database) == 0


async def test_a_statement_of_a_transaction_is_ended_by_the_server(place: Place):
    async with Database(place.config(statement_timeout=0.2)) as database:
        with pytest.raises(DeadlineExceeded):
            async with database.transaction():
                await database.fetch("select pg_sleep(30)")


async def test_rows_are_copied_in_as_they_come(counter: Database):
    async def rows():
        for number in range(2, 5002):
            yield number, number

    assert await counter.copy_in("public.counter", ("id", "n"), rows()) == 5000
    found = await counter.fetch_row("select count(*) as many, sum(n) as n from counter")
    assert found is not None and tuple(found) == (5001, sum(range(2, 5002)))


@pytest.mark.parametrize("in_transaction", [False, True])
async def test_rows_that_fail_half_way_leave_nothing(counter: Database, in_transaction):
    async def rows():
        for number in range(2, 2000):
            yield number, number
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        if in_transaction:
            async with counter.transaction():
                await counter.copy_in("public.counter", ("id", "n"), rows())
        else:
            await counter.copy_in("public.counter", ("id", "n"), rows())
    assert await value(counter) == 0
    assert len(await counter.fetch("select * from counter")) == 1
