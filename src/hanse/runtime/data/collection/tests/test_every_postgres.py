"""Every statement of a collection on every PostgreSQL there is, direct and behind a pooler."""

from datetime import UTC, datetime

import pytest

from hanse.runtime.data.collection.collection import Collection
from hanse.runtime.data.collection.conflict import Duplicate, RevisionConflict
from hanse.runtime.data.collection.outcome import Page
from hanse.runtime.data.resource.tests.crm import Address, Company, Contact, Phone
from hanse.runtime.data.table.table import make_table
from hanse.runtime.errors import InvalidArgument, NotFound
from hanse.runtime.identity.principal import VISITOR
from hanse.testing.acting import acting


@pytest.fixture
async def crm(database):
    companies, contacts = Collection(Company, database), Collection(Contact, database)
    for one in (companies, contacts):
        await make_table(database, one.model)
    with acting(VISITOR, site="a", locale="en"):
        yield companies, contacts


async def test_a_life_from_the_first_write_to_the_last(crm):
    companies, contacts = crm
    acme = await companies.create(Company("Acme"))

    made = await contacts.create(Contact("Ada", "a@b.c", company=acme.id, tags=("x",)))
    assert await contacts.get(made.id) == made
    changed = await contacts.update(made.id, {"address": {"street": "S"}}, revision=1)
    listed = await contacts.update(made.id, {"phones": [{"number": "1"}]}, revision=2)
    assert (changed.address, listed.phones) == (Address("S"), (Phone("1"),))
    with pytest.raises(RevisionConflict):
        await contacts.replace(made)
    with pytest.raises(Duplicate):
        await contacts.create(Contact("Eve", "a@b.c"))
    assert (await contacts.query({"tags": {"$hasAll": ["x"]}}, sort=["name"])).items == (listed,)
    assert (await contacts.count({"name": "Ada"})).count == 1
    assert (await contacts.batch_get([made.id])).items == (listed,)

    await companies.delete(acme.id, revision=1)
    with pytest.raises(InvalidArgument):
        await contacts.create(Contact("Bob", "b@b.c", company=acme.id))
    assert (await companies.restore(acme.id)).revision == 3
    await contacts.delete(made.id)
    with pytest.raises(NotFound):
        await contacts.get(made.id)


async def test_a_page_has_what_each_of_it_is_alone(crm):
    companies, contacts = crm
    names = ["", "\u0001", "Zoë", 'a "quoted", [b]', "\U0001f600", "\\u0000", "x" * 90]
    made = [
        await contacts.create(Contact(f"N{name}", f"{at}@b.c")) for at, name in enumerate(names)
    ]
    made[2] = await contacts.update(made[2].id, {"seen": datetime(1, 1, 1, 0, 0, 0, 1, tzinfo=UTC)})
    made[5] = await contacts.update(made[5].id, {"notes": {"ä": "ö"}})

    first = await contacts.query(page_size=4)
    rest = await contacts.query(page_size=4, cursor=first.next_cursor)

    assert (*first.items, *rest.items) == tuple(made)
    assert rest.next_cursor == ""
    assert [await contacts.get(one.id) for one in made] == made
    assert await companies.query() == Page(())


async def test_many_at_once_each_by_itself(crm):
    _, contacts = crm
    new = [Contact("A", "a@b.c"), Contact("B", "a@b.c"), Contact("C", "c@b.c")]

    made = await contacts.create_many(new)
    assert [one.error and one.error.code for one in made] == [None, "duplicate", None]
    first, third = made[0].item, made[2].item
    changed = await contacts.update_many(
        [{"id": first.id, "email": "c@b.c"}, {"id": third.id, "name": "D"}]
    )
    assert [one.error and one.error.code for one in changed] == ["duplicate", None]
    nobody = first.id[:-1] + ("1" if first.id.endswith("0") else "0")
    gone = await contacts.delete_many([first.id, third.id, nobody])
    assert [one.error and one.error.code for one in gone] == [None, None, "not_found"]
