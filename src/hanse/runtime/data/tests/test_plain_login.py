"""A login that may make schemas in one database and nothing else has all of data, also by a pooler."""

import asyncio
from typing import Annotated

import msgspec
import pytest

from hanse import (
    PUBLIC,
    Accepts,
    Entity,
    File,
    Index,
    Length,
    Principal,
    Resource,
    entity,
)
from hanse.runtime.config.secret import Secret
from hanse.runtime.data.database import Database
from hanse.runtime.data.entity.entity import entity_of
from hanse.runtime.data.migrations.migration import read_migrations
from hanse.runtime.data.migrations.run import Migrations
from hanse.runtime.data.people.tests.crm import Crm
from hanse.runtime.data.resource.tests.crm import Companies, Contacts
from hanse.runtime.data.rows.store import migrations_folder
from hanse.runtime.data.rows.tests.hall.seats import Hall, Seats
from hanse.runtime.data.table.indexing import make_indexes
from hanse.runtime.data.table.table import make_table, missing_indexes
from hanse.runtime.data.tests.servers import PLAIN
from hanse.testing import World

RIGHTS = """
select rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls as any
from pg_roles where rolname = current_user
"""
TWINS = 10
PDF = b"%PDF-1.7\n a life"
STAFF = Principal("staff", "eve", frozenset({"crm.write"}))


@entity("papers.letters")
class Letter(Entity):
    """A letter."""

    text: str
    scan: Annotated[File, Accepts("application/pdf")] | None = None


@entity("papers.letters", Index("text"))
class Indexes(Entity):
    """As a later release has it."""

    text: Annotated[str, Length(0, 100)]


class Letters(Resource[Letter], allow=PUBLIC):
    """Letters."""


@pytest.fixture
async def config(place):
    """Of a database in which a login may make schemas, and which is not its own."""
    async with Database(place.server.config(place.direct_url)) as admin:
        if not await admin.fetch("select from pg_roles where rolname = $1", PLAIN):
            await admin.execute(f"create role {PLAIN} login")
        await admin.execute(f"revoke all on database {place.name} from public")
        await admin.execute("revoke all on schema public from public")
        await admin.execute(f"grant connect, create on database {place.name} to {PLAIN}")
    plain = Secret(place.url.replace("//hanse@", f"//{PLAIN}@"))
    return msgspec.structs.replace(place.config(), url=plain)


async def test_a_collection_lives_with_it(config):
    async with World(Contacts, Companies, provided={Database: Database(config)}) as world:
        assert not (await world.database.fetch_row(RIGHTS))["any"]
        http = world.http(STAFF, site="a")
        acme = (await http.post("/crm/v1/companies", {"name": "Acme"})).json
        ada = {"name": "Ada", "email": "a@b.c", "company": acme["id"], "tags": ["x"]}
        keyed = {"idempotency-key": "once"}
        twins = [http.post("/crm/v1/contacts", ada, keyed) for _ in range(TWINS)]
        assert {one.status for one in await asyncio.gather(*twins)} <= {200, 409}
        made = await http.post("/crm/v1/contacts", ada, keyed)
        assert (made.status, made.headers["idempotent-replayed"]) == (200, "true")
        asked = {"filter": {"tags": {"$hasAll": ["x"]}}, "sort": ["name"]}
        found = await http.post("/crm/v1/contacts:query", asked)
        assert [one["id"] for one in found.json["items"]] == [made.json["id"]]
        views = await world.database.fetch("select from pg_views where schemaname = 'crm'")
        assert len(views) == 2


async def test_a_file_lives_with_it(config):
    async with World(Letters, provided={Database: Database(config)}) as world:
        http = world.http()
        scan = (await http.request("POST", "/papers/v1/letters:upload", PDF)).json
        made = (await http.post("/papers/v1/letters", {"text": "Hello", "scan": scan})).json
        address = (await http.get(f"/papers/v1/letters/{made['id']}:url?field=scan")).json
        assert (await http.get(address)).body == PDF
        await world.host.kept_files.sweep.once()


async def test_a_store_and_its_migrations_live_with_it(config):
    await Migrations(read_migrations(migrations_folder(Seats), "venue"), config).apply(post=True)
    async with World(Hall, provided={Database: Database(config)}) as world:
        acme = world.get(Hall, site="acme")
        assert await acme.open(1, 2) == 2
        assert (await acme.book(1, 1, "ada")).owner == "ada"


async def test_an_index_is_made_with_it_beside_what_is_there(config):
    model = entity_of(Indexes)
    async with Database(config) as database:
        await make_table(database, entity_of(Letter))
        await database.execute(
            "insert into papers.letters (site_id, id, revision, create_time, update_time, shape, doc) "
            """select 'a', gen_random_uuid(), 1, $1, $1, 1, '{"text": "x"}' from generate_series(1, 9)""",
            database.clock.now(),
        )
        assert await missing_indexes(database, model)
        await make_indexes(database, model)
        assert not await missing_indexes(database, model)


async def test_what_is_personal_is_sealed_and_erased_with_it(config):
    async with World(Crm, provided={Database: Database(config)}) as world:
        crm = world.get(Crm, site="a")
        contact = await crm.add_contact("Ada", "ada@example.org", "Markt 1", "her face")
        (row,) = await world.database.fetch("select doc from crm.contacts")
        assert b"Ada" not in row["doc"]
        assert (await crm.contact(contact)).name == "Ada"
        await crm.erase(contact)
        assert "Ada" not in await crm.export(contact)
