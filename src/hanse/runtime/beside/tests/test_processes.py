"""A workflow begins with the app's own transaction, and its rows are one with its journal."""

import pytest

from hanse import Internal, NotFound, Principal
from hanse.runtime.beside.tests.library import Lent, Loan, Reminder, Returns


async def instances(library) -> list[str]:
    rows = await library.database.fetch("select key from hanse.workflow order by key")
    return [row["key"] for row in rows]


async def test_it_begins_with_what_was_written(reading):
    async with reading.sessions.begin() as session:
        session.add(Loan(book="Emma"))
        begun = await reading.processes.start(session, Returns.wait_for, "Emma", id="1")
        assert await instances(reading) == [], "nobody sees it yet"
    async with reading.sessions.begin() as session:
        await reading.processes.signal(session, Returns.wait_for, begun, "back", "Ada")
    assert await reading.processes.result(Returns.wait_for, "1") == "Ada"
    rows = await reading.database.fetch("select text from reminder")
    assert [row["text"] for row in rows] == ["Emma"]


async def test_what_is_rolled_back_never_begins(reading):
    with pytest.raises(ZeroDivisionError):
        async with reading.sessions.begin() as session:
            await reading.processes.start(session, Returns.wait_for, "Emma", id="1")
            raise ZeroDivisionError
    with pytest.raises(NotFound):
        await reading.processes.get(Returns.wait_for, "1")
    assert await reading.count("hanse.workflow") == 0


async def test_a_signal_that_is_rolled_back_was_never_sent(reading):
    async with reading.sessions.begin() as session:
        await reading.processes.start(session, Returns.wait_for, "Emma", id="1")
    with pytest.raises(ZeroDivisionError):
        async with reading.sessions.begin() as session:
            await reading.processes.signal(session, Returns.wait_for, "1", "back", "Bob")
            raise ZeroDivisionError
    assert await reading.count("hanse.workflow_signal") == 0
    async with reading.sessions.begin() as session:
        assert await reading.processes.cancel(session, Returns.wait_for, "1")


async def test_what_fails_leaves_neither_row_nor_entry(reading):
    async def fail_once(book, service):
        async with service.sessions.here() as session:
            session.add(Reminder(text=f"{book} {len(reading.desk.ran)}"))
            await session.commit()
        if len(reading.desk.ran) == 1:
            raise ConnectionError

    reading.desk.act = fail_once
    async with reading.sessions.begin() as session:
        await reading.processes.start(session, Returns.wait_for, "Emma", id="1")
        await reading.processes.signal(session, Returns.wait_for, "1", "back", "Ada")
    with pytest.raises(Internal):
        await reading.processes.result(Returns.wait_for, "1")
    assert await reading.count("reminder") == 0
    assert reading.engine.pool.checkedout() == 0


async def test_what_is_personal_is_sealed_in_the_transaction_of_the_app(reading):
    ada = Lent("card-7", "Ada Lovelace")
    with pytest.raises(ZeroDivisionError):
        async with reading.sessions.begin() as session:
            await reading.processes.start(session, Returns.remind, ada, id="1")
            raise ZeroDivisionError
    assert await reading.count("hanse.subject_key") == 0, "nor is a key that nobody needs"
    async with reading.sessions.begin() as session:
        await reading.processes.start(session, Returns.remind, ada, id="1")
        await reading.processes.signal(session, Returns.remind, "1", "back", ada)
    rows = await reading.database.fetch("select input from hanse.workflow")
    assert b"Lovelace" not in rows[0]["input"]
    assert await reading.processes.result(Returns.remind, "1") == ada


async def test_another_site_is_another_instance(reading):
    acme = reading.processes.as_(Principal("member", "ada"), site="acme")
    async with reading.sessions.begin() as session:
        await acme.start(session, Returns.wait_for, "Emma", id="1")
    assert (await acme.get(Returns.wait_for, "1")).id == "1"
    with pytest.raises(NotFound):
        await reading.processes.get(Returns.wait_for, "1")


async def test_workflows_alone_make_no_tables_of_events(postgres):
    from hanse import Host, HostConfig
    from hanse.beside import Processes

    host = Host([], HostConfig(port=None, database=postgres.config))
    Processes(host)
    async with host:
        rows = await postgres.fetch(
            "select relname from pg_class where relname in ('outbox', 'workflow')"
        )
    assert [row["relname"] for row in rows] == ["workflow"]
    assert host.post is None
