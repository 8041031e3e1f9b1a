"""What an entity refers to is there: also where both are written, or deleted, in one transaction."""

import pytest

from hanse.runtime.data.collection.collection import Collection
from hanse.runtime.data.resource.tests.crm import Company, Contact
from hanse.runtime.data.table.table import make_table
from hanse.runtime.errors import InvalidArgument
from hanse.runtime.identity.principal import VISITOR
from hanse.testing.acting import acting


@pytest.fixture
async def crm(database):
    companies, contacts = Collection(Company, database), Collection(Contact, database)
    for one in (companies, contacts):
        await make_table(database, one.model)
    with acting(VISITOR, site="a"):
        yield companies, contacts


def ada(company):
    return Contact("Ada", "a@b.c", company=company)


async def test_both_are_written_in_one_transaction(crm, database):
    companies, contacts = crm
    async with database.transaction():
        acme = await companies.create(Company("Acme"))
        made = await contacts.create(ada(acme.id))
        other = await companies.create(Company("Other"))
        await contacts.update(made.id, {"company": other.id})
        many = await contacts.create_many([Contact("Eve", "e@b.c", company=acme.id)])
        assert [one.error for one in many] == [None]
    assert (await contacts.get(made.id)).company == other.id


async def test_what_was_taken_back_is_not_there(crm, database):
    companies, contacts = crm
    with pytest.raises(RuntimeError):
        async with database.transaction():
            acme = await companies.create(Company("Acme"))
            raise RuntimeError
    with pytest.raises(InvalidArgument, match="there is no company"):
        await contacts.create(ada(acme.id))


async def test_what_was_deleted_before_in_the_same_transaction_is_not_there(crm, database):
    companies, contacts = crm
    acme = await companies.create(Company("Acme"))
    with pytest.raises(InvalidArgument, match="there is no company"):
        async with database.transaction():
            await companies.delete(acme.id)
            await contacts.create(ada(acme.id))
    await contacts.create(ada(acme.id))  # for nothing of it is kept


async def test_one_of_another_site_is_not_there(crm):
    companies, contacts = crm
    acme = await companies.create(Company("Acme"))
    with acting(VISITOR, site="b"), pytest.raises(InvalidArgument, match="there is no company"):
        await contacts.create(ada(acme.id))
