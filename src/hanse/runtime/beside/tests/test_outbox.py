"""An event goes out in the app's own transaction: with what it tells of, or not at all."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from hanse import FailedPrecondition, Internal, InvalidArgument, Principal, Unavailable
from hanse.beside import Outbox
from hanse.runtime.beside.tests.library import BookLent, BookReserved, Library, Loan, json_of

LONG = BookLent(book="x" * 501)


async def test_it_is_kept_with_what_it_tells_of(library):
    async with library.sessions.begin() as session:
        await library.lend(session, "Emma")
        assert await library.told() == [], "nobody sees it yet"
    assert (await library.told(), await library.count("loan")) == (["Emma"], 1)


async def test_what_is_rolled_back_is_not_told(library):
    with pytest.raises(ZeroDivisionError):
        async with library.sessions.begin() as session:
            await library.lend(session, "Emma")
            raise ZeroDivisionError
    assert (await library.told(), await library.count("loan")) == ([], 0)


async def test_a_savepoint_takes_only_its_own_away(library):
    async with library.sessions.begin() as session:
        await library.lend(session, "Emma")
        with pytest.raises(ZeroDivisionError):
            async with session.begin_nested():
                await library.lend(session, "Ulysses")
                raise ZeroDivisionError
        await library.lend(session, "Walden")
    assert (await library.told(), await library.count("loan")) == (["Emma", "Walden"], 2)


async def test_many_are_told_in_their_order(library):
    async with library.sessions.begin() as session:
        await library.outbox.emit_many(session, [BookLent(book=name) for name in "cab"])
    assert await library.told() == ["c", "a", "b"]


async def test_whoever_tells_on_is_woken_by_the_commit(library):
    wake = library.database.outbox_wake
    async with library.sessions.begin() as session:
        async with session.begin_nested():
            await library.lend(session, "Emma")
        assert not wake.is_set(), "nobody would see it yet"
    assert wake.is_set()


async def test_what_the_session_holds_back_is_written_first(library):
    """So that the events of a row are in the order of its changes."""
    async with library.sessions.begin() as session:
        session.add(Loan(id=7, book="0"))
    turn = asyncio.Event()

    async def change() -> None:
        async with library.sessions.begin() as session:
            loan = await session.get(Loan, 7, with_for_update=not turn.is_set())
            loan.book = str(int(loan.book) + 1)
            await library.outbox.emit(session, BookLent(book=loan.book))

    await asyncio.gather(*(change() for _ in range(10)))
    assert await library.told() == [str(number) for number in range(1, 11)]


async def test_a_change_is_on_the_server_before_its_event(library):
    async with library.sessions.begin() as session:
        session.add(Loan(book="Emma"))
        await library.outbox.emit(session, BookLent(book="Emma"))
        assert not session.new
        found = await session.execute(text("select count(*) from loan"))
        assert found.scalar_one() == 1


async def test_what_is_caused_by_whom_is_told(library):
    outbox = library.outbox.as_(Principal("member", "ada"), site="acme", locale="de")
    async with library.sessions.begin() as session:
        await outbox.emit(session, BookLent(book="Emma"))
        await library.lend(session, "Walden")
    rows = await library.database.fetch("select envelope from hanse.outbox order by seq")
    told = [json_of(row["envelope"]) for row in rows]
    assert [(one["site"], one["causer"]) for one in told] == [
        ("acme", "member:ada"),
        ("default", "service:library"),
    ]
    assert told[0]["locale"] == "de"


async def test_a_mistake_leaves_the_transaction_as_it_is(library):
    async with library.sessions.begin() as session:
        with pytest.raises(InvalidArgument, match="500 at most"):
            await library.outbox.emit(session, LONG)
        await library.lend(session, "Emma")
    assert (await library.told(), await library.count("loan")) == (["Emma"], 1)


async def test_a_commit_after_a_failure_of_ours_fails(library):
    """The server would undo all of it, and neither driver would say so."""
    await library.database.execute("alter table hanse.outbox rename to elsewhere")
    with pytest.raises(DBAPIError, match="transaction is aborted"):
        async with library.sessions.begin() as session:
            session.add(Loan(book="Emma"))
            with pytest.raises(Internal):
                await library.outbox.emit(session, BookLent(book="Emma"))
    async with library.sessions.begin() as session:
        with pytest.raises(Internal):
            async with session.begin_nested():
                await library.outbox.emit(session, BookLent(book="Emma"))
        session.add(Loan(book="Walden"))
    assert await library.count("loan") == 1, "what went back to a savepoint is well"


async def test_a_failure_of_ours_that_is_passed_over_undoes_nothing_else_on_a_plain_connection(
    library,
):
    """Nothing of ours is asked at its commit, which the server would make a rollback of."""
    await library.database.execute("alter table hanse.outbox rename to elsewhere")
    insert = "insert into loan (book) values ('Emma')"
    async with library.engine.begin() as connection:
        await connection.execute(text(insert))
        with pytest.raises(Internal):
            await library.outbox.emit(connection, BookLent(book="Emma"))
    lent = await asyncpg.connect(library.database.config.url.reveal())
    async with lent.transaction():
        await lent.execute(insert)
        with pytest.raises(Internal):
            await library.outbox.emit(lent, BookLent(book="Emma"))
    await lent.close()
    assert await library.count("loan") == 2


async def test_a_connection_of_sqlalchemy_and_of_asyncpg_are_joined_as_well(library):
    async with library.engine.connect() as connection:
        with pytest.raises(FailedPrecondition, match="No transaction is open"):
            await library.outbox.emit(connection, BookLent(book="Emma"))
        async with connection.begin():
            await library.outbox.emit(connection, BookLent(book="Emma"))
    url = library.database.config.url.reveal()
    async with asyncpg.create_pool(url, min_size=1) as pool, pool.acquire() as lent:
        with pytest.raises(FailedPrecondition, match="No transaction is open"):
            await library.outbox.emit(lent, BookLent(book="Walden"))
        async with lent.transaction():
            await library.outbox.emit(lent, BookLent(book="Walden"))
        with pytest.raises(ZeroDivisionError):
            async with lent.transaction():
                await library.outbox.emit(lent, BookLent(book="Ulysses"))
                raise ZeroDivisionError
    assert await library.told() == ["Emma", "Walden"]


async def test_what_cannot_keep_two_things_together_is_refused(library):
    engine = library.engine.execution_options(isolation_level="AUTOCOMMIT")
    async with library.sessions(bind=engine) as session:
        with pytest.raises(FailedPrecondition, match="AUTOCOMMIT"):
            await library.outbox.emit(session, BookLent(book="Emma"))
    with pytest.raises(Internal, match="Session cannot be joined. What can: an AsyncSession"):
        await library.outbox.emit(Session(), BookLent(book="Emma"))
    assert await library.told() == []


async def test_a_session_of_another_database_is_refused(library, servers):
    server = servers.server("18")
    other = await server.create()
    async with Library(server.config(other)) as elsewhere:
        async with elsewhere.sessions.begin() as session:
            with pytest.raises(FailedPrecondition, match="another database than its host's"):
                await library.outbox.emit(session, BookLent(book="Emma"))
        assert await elsewhere.told() == await library.told() == []
    server.drop(other)


async def test_two_apps_in_one_database_have_one_outbox(library):
    async with Library(library.database.config) as other:
        for app in (library, other):
            async with app.sessions.begin() as session:
                await app.lend(session, "Emma")
    assert await library.told() == ["Emma", "Emma"]


async def test_before_its_host_has_begun_there_is_no_outbox(postgres):
    library = Library(postgres.config)
    async with library.sessions() as session:
        with pytest.raises(Unavailable):
            await library.outbox.emit(session, BookLent(book="Emma"))
        assert not session.in_transaction(), "nothing was begun for it"
    await library.engine.dispose()
    async with Library(postgres.config) as begun:
        with pytest.raises(RuntimeError, match="before its host begins"):
            del begun.host.background.made[type(begun.outbox._events)]
            Outbox(begun.host)


async def test_what_is_personal_leaves_sealed(library):
    told = BookReserved(book="Emma", reader="ada@example.com", name="Ada Lovelace")
    with pytest.raises(ZeroDivisionError):
        async with library.sessions.begin() as session:
            await library.outbox.emit(session, told)
            raise ZeroDivisionError
    async with library.sessions.begin() as session:
        # Its key was drawn in what was rolled back: it is drawn anew.
        await library.outbox.emit(session, told)
    (row,) = await library.database.fetch("select envelope from hanse.outbox")
    assert b"Emma" in row["envelope"]
    assert b"Lovelace" not in row["envelope"]
    assert await library.count("hanse.subject_key") == 1


async def test_a_connection_is_asked_for_what_it_is_once(library):
    """After that, an event is one round trip: what it was prepared as is kept with it."""
    async with library.sessions.begin() as session:
        await library.lend(session, "Emma")
        below = (await (await session.connection()).get_raw_connection()).driver_connection
    heard: list[str] = []
    below.add_query_logger(lambda record: heard.append(record.query))
    async with library.sessions.begin() as session:
        await session.connection()
        await session.execute(text("select 1"))
        heard.clear()
        await library.outbox.emit(session, BookLent(book="Walden"))
    assert [one for one in heard if "outbox" not in one and "COMMIT" not in one] == []


@pytest.mark.parametrize("place", [("18", "pooled")], ids=["pooled"], indirect=True)
async def test_behind_a_pooler_each_transaction_may_be_on_another_connection(place):
    config = place.config()
    kept = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
    named = {"prepared_statement_name_func": lambda: f"__{uuid4()}__"}
    async with Library(config, poolclass=NullPool, connect_args=kept | named) as library:
        async with library.engine.connect() as held:
            for number in range(6):  # the servers behind it are two

                async def lend(book: str) -> None:
                    async with library.sessions.begin() as session:
                        await library.lend(session, book)

                async with library.sessions(bind=held) as session:
                    await library.lend(session, f"{number}")
                    await asyncio.gather(lend("beside"), session.commit())
        assert sorted(await library.told()) == [*"012345", *["beside"] * 6]
