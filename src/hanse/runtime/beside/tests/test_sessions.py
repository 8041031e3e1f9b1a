"""A handler writes by the app's own session: its effect and the note that it ran are one."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from hanse import FailedPrecondition, Internal, Principal
from hanse.beside import Sessions
from hanse.runtime.beside.tests.library import BookLent, BookReserved, Reminder, Returns
from hanse.testing.events.settled import until_settled

PATIENCE = 30.0


async def told(library, *books: str) -> None:
    async with library.sessions.begin() as session:
        for book in books:
            await library.outbox.emit(session, BookLent(book=book))
    await until_settled(library.host, PATIENCE)


async def reminders(library) -> list[str]:
    """As others see them: not by what a handler has open."""
    async with library.sessions() as session:
        return list(await session.scalars(select(Reminder.text).order_by(Reminder.id)))


async def handled(library) -> int:
    async with library.sessions() as session:
        return (await session.execute(text("select count(*) from hanse.inbox"))).scalar_one()


async def parked(library) -> list[str]:
    rows = await library.database.fetch("select error from hanse.parked")
    return [row["error"] for row in rows]


async def test_what_it_writes_is_there_once(reading):
    await told(reading, "Emma", "Walden")
    assert sorted(await reminders(reading)) == ["Emma", "Walden"]
    rows = await reading.database.fetch("select said from reminder")
    assert [row["said"] for row in rows] == [b'{"by": "us"}'] * 2
    assert await handled(reading) == 2


async def test_what_fails_leaves_neither_row_nor_note(reading):
    async def fail(book, service):
        async with service.sessions.here() as session:
            session.add(Reminder(text=book))
            await session.commit()
        raise ValueError(book)

    reading.desk.act = fail
    await told(reading, "Emma")
    assert await reminders(reading) == []
    assert await handled(reading) == 0
    assert len(await parked(reading)) == 1


async def test_what_code_of_the_app_commits_is_kept_with_the_end_of_the_handler_alone(reading):
    async def commit_twice(book, service):
        async with service.sessions.here() as session:
            session.add(Reminder(text=book))
            await session.commit()
            assert await reminders(reading) == [], "others see nothing of it yet"
            session.add(Reminder(text="undone"))
            await session.flush()
            await session.rollback()
            session.add(Reminder(text=f"{book} 2"))
        assert await handled(reading) == 0

    reading.desk.act = commit_twice
    await told(reading, "Emma")
    assert await reminders(reading) == ["Emma", "Emma 2"]
    assert await handled(reading) == 1


async def test_a_block_can_fail_by_itself(reading):
    async def twice(book, service):
        with pytest.raises(IntegrityError):
            async with service.sessions.here() as session:
                session.add_all([Reminder(text=book), Reminder(text=book)])
        async with service.sessions.here() as session:
            session.add(Reminder(text=f"{book} at last"))

    reading.desk.act = twice
    await told(reading, "Emma")
    assert await reminders(reading) == ["Emma at last"]


async def test_a_handler_whose_transaction_was_lost_has_handled_nothing(reading):
    """The server undoes it at `commit`, and neither driver says so: the event would be lost."""

    async def swallow(book, service):
        async with service.sessions.here() as session:
            session.add(Reminder(text=book))
        below = await service.sessions._connection()
        with pytest.raises(Exception, match="nowhere"):
            await below.exec_driver_sql("select * from nowhere")

    reading.desk.act = swallow
    await told(reading, "Emma")
    assert await reminders(reading) == []
    assert (await handled(reading), len(await parked(reading))) == (0, 1)


async def test_a_failure_of_the_moment_is_tried_again_at_once(reading):
    async def deadlock(book, service):
        async with service.sessions.here() as session:
            session.add(Reminder(text=f"{book} {len(reading.desk.ran)}"))
            await session.flush()
            if len(reading.desk.ran) == 1:
                await session.execute(text("do $$ begin raise sqlstate '40P01'; end $$"))

    reading.desk.act = deadlock
    await told(reading, "Emma")
    assert await reminders(reading) == ["Emma 2"]
    assert await parked(reading) == []


async def test_a_connection_that_is_lost_costs_a_try(reading):
    async def lose(book, service):
        async with service.sessions.here() as session:
            session.add(Reminder(text=f"{book} {len(reading.desk.ran)}"))
            await session.flush()
            if len(reading.desk.ran) == 1:
                await session.execute(text("select pg_terminate_backend(pg_backend_pid())"))

    reading.desk.act = lose
    await told(reading, "Emma")
    assert await reminders(reading) == ["Emma 2"]
    assert await parked(reading) == []
    assert reading.engine.pool.checkedout() == 0


async def test_an_engine_without_a_free_connection_is_asked_again(reading):
    reading.engine.pool._timeout = 0.05
    held = [await reading.engine.connect() for _ in range(15)]

    async def give_one_back(book, service):
        if len(reading.desk.ran) == 2:
            await held.pop().close()
        async with service.sessions.here() as session:
            session.add(Reminder(text=book))

    reading.desk.act = give_one_back
    try:
        async with reading.sessions(bind=held[0]) as session:
            await reading.outbox.emit(session, BookLent(book="Emma"))
            await session.commit()
        await until_settled(reading.host, PATIENCE)
    finally:
        for one in held:
            await one.close()
    assert await reminders(reading) == ["Emma"]
    assert await parked(reading) == []


async def test_what_a_handler_tells_goes_with_what_it_writes(reading):
    async def tell(book, service):
        async with service.sessions.here() as session:
            session.add(Reminder(text=book))
            if book == "Emma":
                await reading.outbox.emit(session, BookLent(book="by the app"))
                await service.events.emit(BookLent(book="by the service"))
        if book == "Emma" and len(reading.desk.ran) == 1:
            raise TimeoutError

    reading.desk.act = tell
    await told(reading, "Emma")
    assert await reminders(reading) == [], "parked, with what it told"
    await reading.database.execute("update hanse.parked set due_time = '-infinity'")
    await until_settled(reading.host, PATIENCE)
    assert sorted(await reminders(reading)) == ["Emma", "by the app", "by the service"]


async def test_what_is_meant_for_another_site_than_that_of_the_call_is_refused(reading):
    said: list[str] = []

    async def tell(book, service):
        ada = Principal("member", "ada")
        async with service.sessions.here() as session:
            await reading.outbox.as_(ada).emit(session, BookLent(book="of nobody's"))
            await reading.outbox.as_(ada, site="default").emit(session, BookLent(book="of its own"))
            with pytest.raises(FailedPrecondition) as refused:
                await reading.outbox.as_(ada, site="acme").emit(session, BookLent(book="of acme"))
            said.append(str(refused.value))
            with pytest.raises(FailedPrecondition, match="of the site 'default' is running"):
                await reading.processes.as_(ada, site="acme").start(
                    session, Returns.wait_for, book, id="of acme"
                )
        reading.desk.act = None

    reading.desk.act = tell
    await told(reading, "Emma")
    assert said == [
        "A call of the site 'default' is running, and what it does is of that site; this is for "
        "'acme'. Leave out site= here, or do it outside of it."
    ]
    assert (len(reading.desk.ran), await parked(reading)) == (3, [])


async def test_what_the_host_has_begun_elsewhere_is_refused(reading):
    said: list[str] = []

    async def mix(book, service):
        await service.database.execute("insert into reminder (text, said) values ($1, '{}')", book)
        with pytest.raises(Internal) as refused:
            async with service.sessions.here():
                pass
        said.append(str(refused.value))

    reading.desk.act = mix
    await told(reading, "Emma")
    assert await reminders(reading) == ["Emma"]
    assert "begun on a connection of the host already" in said[0]


async def test_statements_with_jsonb_are_refused_on_the_apps_connection(reading):
    async def mix(book, service):
        async with service.sessions.here():
            await service.database.fetch("select said from reminder")

    reading.desk.act = mix
    await told(reading, "Emma")
    assert len(await parked(reading)) == 1
    async with reading.sessions.begin() as session, reading.outbox._joined(session):
        with pytest.raises(Internal, match="Collections, and statements with jsonb"):
            await reading.database.fetch("select said from reminder")


async def test_elsewhere_there_is_no_such_session(reading):
    with pytest.raises(Internal, match="for handlers of events and for run.transaction"):
        async with Sessions(reading.sessions).here():
            pass


async def test_what_is_personal_is_opened_for_it(reading):
    async with reading.sessions.begin() as session:
        told = BookReserved(book="Emma", reader="ada@example.com", name="Ada Lovelace")
        await reading.outbox.emit(session, told)
    await until_settled(reading.host, PATIENCE)
    assert await reminders(reading) == ["Ada Lovelace"]


async def test_its_connections_go_back(reading):
    async def fail(book, service):
        async with service.sessions.here() as session:
            session.add(Reminder(text=book))
            if book.startswith("bad"):
                raise ValueError(book)

    reading.desk.act = fail
    await told(reading, *(f"{word} {n}" for n in range(8) for word in ("bad", "good")))
    assert len(await reminders(reading)) == 8
    assert reading.engine.pool.checkedout() == 0
