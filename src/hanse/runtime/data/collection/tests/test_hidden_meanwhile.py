"""Nobody refers to what is hidden: who refers to it meanwhile is waited for, or waits and is told."""

import asyncio

import pytest

from hanse.runtime.data.collection.collection import Collection
from hanse.runtime.data.database import Database
from hanse.runtime.data.resource.tests.crm import Company, Contact
from hanse.runtime.data.table.table import make_table
from hanse.runtime.errors import InvalidArgument
from hanse.runtime.identity.principal import VISITOR
from hanse.testing.acting import acting

WAITING = """
select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
"""


@pytest.fixture
async def crm(postgres):
    companies, contacts = Collection(Company, postgres), Collection(Contact, postgres)
    for one in (companies, contacts):
        await make_table(postgres, one.model)
    with acting(VISITOR, site="a"):
        yield companies, contacts


async def waited_for(database, task) -> bool:
    """Whether somebody waits for a lock before a task is done."""
    while not task.done():
        await database.fetch("select pg_stat_clear_snapshot()")  # a transaction looks once
        if await database.fetch(WAITING):
            return True
        await asyncio.sleep(0)
    return False


def elsewhere(work):
    """A task that is not part of the transaction that is open here."""
    with acting(VISITOR, site="a"):
        return asyncio.create_task(work)


async def one(companies, id):
    await companies.delete(id)


async def many(companies, id):
    await companies.delete_many([id])


@pytest.mark.parametrize("delete", [one, many])
async def test_who_refers_to_what_is_being_hidden_waits_and_is_told(crm, postgres, delete):
    companies, contacts = crm
    acme = await companies.create(Company("Acme"))
    async with Database(postgres.config) as other:
        others = Collection(Contact, other)
        async with postgres.transaction():
            await delete(companies, acme.id)
            writing = elsewhere(others.create(Contact("Ada", "a@b.c", company=acme.id)))
            assert await waited_for(postgres, writing)
        with pytest.raises(InvalidArgument):
            await writing
    assert (await contacts.query()).items == ()


@pytest.mark.parametrize("delete", [one, many])
async def test_what_is_referred_to_meanwhile_is_hidden_after_that(crm, postgres, delete):
    companies, contacts = crm
    acme = await companies.create(Company("Acme"))
    async with Database(postgres.config) as other:
        theirs = Collection(Company, other)
        async with postgres.transaction():
            await contacts.create(Contact("Ada", "a@b.c", company=acme.id))
            hiding = elsewhere(delete(theirs, acme.id))
            assert await waited_for(postgres, hiding)
        await hiding
    assert (await contacts.query()).items[0].company == acme.id
    assert (await companies.query()).items == ()
