"""What seals, on every PostgreSQL there is, direct and behind a pooler."""

import pytest

from hanse.runtime.data.collection.backfill import Backfill, BackfillProgress
from hanse.runtime.data.collection.conflict import Duplicate
from hanse.runtime.data.personal.keys_opened import ErasedMeanwhile
from hanse.runtime.data.personal.tests.crm import Address, Counted, Host, Letter, Note, Person
from hanse.runtime.errors import InvalidArgument
from hanse.runtime.identity.principal import VISITOR
from hanse.testing.acting import acting


@pytest.fixture
async def host(place):
    with acting(VISITOR, site="acme"):
        async with Counted(place.config()) as database:
            yield await Host.made(database)


async def test_a_life_from_the_first_write_to_a_new_key(host):
    ada = await host.people.create(Person("Ada Lovelace", "ada@example.com"))
    with pytest.raises(Duplicate):
        await host.people.create(Person("Eve", "ada@example.com"))
    ada = await host.people.update(ada.id, {"nick": "countess", "invoice": {"street": "Markt"}})
    assert ada.invoice == Address("Markt")
    assert (await host.people.query({"nick": "countess"})).items == (ada,)

    note = await host.notes.create(Note(ada.id, "first"))
    with pytest.raises(InvalidArgument):
        await host.notes.create(Note(host.people.model.text_of(5), "of nobody"))
    await host.database.execute("delete from hanse.subject_key where subject = $1", ada.id)
    with pytest.raises(ErasedMeanwhile):
        await host.notes.create_many([Note(ada.id, "of who was read before")])
    with acting(VISITOR, site="acme"):
        again, other = await host.notes.create_many([Note(ada.id, "again"), Note(ada.id, "other")])
    host.database.keys.forget("acme", ada.id)
    found = (await host.notes.query({"person": ada.id})).items
    assert set(found) == {again.item, other.item}
    assert note not in found


async def test_what_stands_in_clear_is_sealed_by_a_backfill(host):
    letter = await host.letters.create(Letter("ada@example.com", "text"))
    await host.database.execute("""update crm.letters set doc = doc || '{"text": "in clear"}'""")

    assert await Backfill(Letter, host.database, load=1).run() == BackfillProgress(rewritten=1)
    (row,) = await host.database.fetch("select doc::text as doc from crm.letters")
    assert "clear" not in row["doc"]
    assert (await host.letters.get(letter.id)).text == "in clear"
