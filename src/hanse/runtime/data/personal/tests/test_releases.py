"""Two releases at once, old shapes, files: what is sealed is found again by all of them."""

from typing import Annotated

import msgspec
import pytest

from hanse.runtime.contract.rules import Length
from hanse.runtime.data.collection.backfill import Backfill, BackfillProgress
from hanse.runtime.data.collection.collection import Collection
from hanse.runtime.data.entity.entity import Entity, entity, entity_of
from hanse.runtime.data.entity.marks import Keep, Personal, Searchable
from hanse.runtime.data.entity.upcast import upcast
from hanse.runtime.data.personal.tests.crm import Address
from hanse.runtime.data.table.arrival import prepare_table
from hanse.runtime.errors import InvalidArgument
from hanse.runtime.identity.principal import VISITOR
from hanse.testing.acting import acting

Name = Annotated[str, Length(0, 100)]
ROW = Personal(erase="row")


@entity("crm.people", prefix="person")
class Before(Entity):
    """Nothing is marked yet."""

    name: Name
    email: Name = ""
    address: Address | None = None


@entity("crm.people", prefix="person", person="id")
class Old(Entity):
    """What the older release knows, and seals."""

    name: Annotated[Name, ROW]
    email: Annotated[Name, Searchable(), ROW] = ""
    tax: Annotated[str, Personal(erase=Keep(9, "law"))] = ""
    address: Annotated[Address | None, Personal(erase="field")] = None


@entity("crm.people", prefix="person", person="id")
class New(Entity):
    """What the newer one knows: the name in two."""

    first_name: Annotated[Name, ROW]
    last_name: Annotated[Name, Searchable(), ROW]
    lines: Annotated[tuple[Address, ...], ROW] = ()


@upcast(New, 1)
def split_name(document):
    first, _, last = document["name"].partition(" ")
    return document | {"first_name": first, "last_name": last}


ADA = Old("Adelaide Lovelace", "ada@example.com", tax="DE 123", address=Address("Markt"))
SECRETS = ("Adelaide", "Lovelace", "ada@", "DE 123", "Markt")


@pytest.fixture
async def releases(postgres):
    await postgres.keys.open()
    await prepare_table(postgres, entity_of(Old))
    await prepare_table(postgres, entity_of(New))
    with acting(VISITOR, site="acme"):
        yield Collection(Old, postgres), Collection(New, postgres), postgres


async def stored(database):
    return "\n".join(
        row["doc"].decode() for row in await database.fetch("select doc from crm.people")
    )


async def test_an_old_shape_is_read_written_and_sealed_again_with_what_only_the_older_knows(
    releases,
):
    old, new, database = releases
    made = await old.create(ADA)

    read = await new.get(made.id)
    assert (read.first_name, read.last_name) == ("Adelaide", "Lovelace")
    changed = await new.update(made.id, {"lines": [{"street": "Line 1"}]})

    assert (await new.query({"last_name": "Lovelace"})).items == (changed,)
    assert [one for one in (*SECRETS, "Line") if one in await stored(database)] == []
    again = await old.get(made.id)
    assert (again.name, again.email, again.tax, again.address) == (
        *("Adelaide Lovelace", "ada@example.com", "DE 123"),
        Address("Markt"),
    )
    assert (await old.query({"email": "ada@example.com"})).items == (again,)


async def test_a_backfill_brings_up_what_is_sealed(releases):
    old, new, database = releases
    made = await old.create(ADA)
    with acting(VISITOR, site="other"):
        theirs = await old.create(Old("Evangeline Other"))

    progress = await Backfill(New, database, load=1).run()

    assert progress == BackfillProgress(rewritten=2)
    assert [one for one in (*SECRETS, "Evangeline") if one in await stored(database)] == []
    assert (await new.query({"last_name": "Lovelace"})).items == (await new.get(made.id),)
    assert (await old.get(made.id)).name == "Adelaide Lovelace"
    with acting(VISITOR, site="other"):
        assert (await new.get(theirs.id)).last_name == "Other"


async def test_a_backfill_seals_what_became_personal(releases):
    old, _, database = releases
    before = Collection(Before, database)
    made = await before.create(Before("~ Adelaide", "ada@example.com", Address("Markt")))
    nothing = await before.create(Before(""))
    assert (await old.get(made.id)).address == Address("Markt")
    assert (await old.query({"email": "ada@example.com"})).items == ()

    assert await Backfill(Old, database, load=1).run() == BackfillProgress(rewritten=1)

    assert [one for one in SECRETS if one in await stored(database)] == []
    (found,) = (await old.query({"email": "ada@example.com"})).items
    assert (found.name, found.address, found.revision) == ("~ Adelaide", Address("Markt"), 1)
    assert await Backfill(Old, database, load=1).run() == BackfillProgress()
    assert (await old.get(nothing.id)).name == ""


@pytest.mark.parametrize("token", ["", "A" * 22])
async def test_nobody_writes_what_readers_would_take_for_sealed(releases, token):
    old, new, database = releases
    like = f"~{token}.{'A' * 11}.{'A' * 39}"
    before = Collection(Before, database)
    made = await before.create(Before(f"{like}!", address=Address(f"x{like}")))

    async def refuses(field, work):
        with pytest.raises(InvalidArgument, match="take the ~ before it away") as caught:
            await work
        assert [one.field for one in caught.value.violations] == [field]

    await refuses("name", before.create(Before(like)))
    await refuses("address", before.update(made.id, {"address": {"street": like}}))
    await refuses("email", before.replace(Before("Ada", like), id=made.id))
    await refuses("email", old.create(Old("Ada", like)))
    assert (await before.get(made.id)).revision == 1
    assert (await new.get(made.id)).first_name == f"{like}!"


async def test_a_backfill_leaves_who_was_erased(releases):
    old, _, database = releases
    made = await old.create(ADA)
    await database.execute("delete from hanse.subject_key")
    database.keys.forget("acme", made.id)

    assert await Backfill(New, database, load=1).run() == BackfillProgress(overtaken=1)
    assert await database.fetch("select 1 from hanse.subject_key") == []


async def test_what_the_newer_release_sealed_survives_a_write_of_the_older(releases):
    old, new, database = releases
    made = await new.create(New("Adelaide", "Lovelace"))
    await database.execute(
        "update crm.people set doc = doc || $1", msgspec.json.encode({"name": "Adelaide Lovelace"})
    )

    await old.update(made.id, {"email": "ada@example.com"})
    await old.replace(ADA, id=made.id)

    assert (await new.get(made.id)).last_name == "Lovelace"
    assert [one for one in SECRETS if one in await stored(database)] == []
