"""A login without many rights: it makes what is the host's, or is told what somebody has to run."""

import asyncpg
import pytest
from msgspec.structs import replace

from hanse import PUBLIC, Collection, Entity, FailedPrecondition, Service, entity, rpc
from hanse.runtime.beside.tests.library import BookLent, Library, Reminders, Returns
from hanse.runtime.config.secret import Secret
from hanse.runtime.data.arrival import DatabaseUnfit
from hanse.testing.servers.nats_server import shared_broker

APP, OTHER = "library_login", "other_login"


@pytest.fixture
async def plain(servers):
    """A database of somebody else's, in which a login may use the schema of its app, and no more."""
    server = servers.server("18")
    url = await server.create()
    admin = await asyncpg.connect(url)
    for login in (APP, OTHER):
        if not await admin.fetch("select from pg_roles where rolname = $1", login):
            await admin.execute(f"create role {login} login")
    name = await admin.fetchval("select current_database()")
    await admin.execute(f"revoke all on database {name} from public")
    await admin.execute(f"grant connect on database {name} to {APP}, {OTHER}")
    await admin.execute(f"grant usage, create on schema public to {APP}, {OTHER}")
    config = server.config(url)
    yield admin, replace(config, url=Secret(url.replace("//hanse@", f"//{APP}@")))
    await admin.close()
    server.drop(url)


async def test_it_says_what_an_operator_has_to_run_and_lives_with_that(plain):
    admin, config = plain
    broker = shared_broker().config()
    for _ in range(2):
        with pytest.raises(DatabaseUnfit) as refused:
            await Library(config, Reminders, Returns, broker=broker).__aenter__()
        _, _, remedy = str(refused.value).partition("run once: ")
        assert remedy.startswith("create schema hanse authorization library_login")
    await admin.execute(remedy)
    library = Library(config, Reminders, Returns, broker=broker)
    async with library, library.sessions.begin() as session:
        await library.lend(session, "Emma")
        await library.processes.start(session, Returns.wait_for, "Emma", id="1")


async def test_a_schema_of_somebody_else_is_opened_to_it(plain):
    admin, config = plain
    await admin.execute("create schema hanse")
    with pytest.raises(DatabaseUnfit, match="grant usage, create on schema hanse to") as refused:
        await Library(config).__aenter__()
    await admin.execute(str(refused.value).partition("run once: ")[2])
    async with Library(config):
        pass


async def test_an_app_with_another_login_is_told_what_it_lacks(plain):
    admin, config = plain
    await admin.execute(f"create schema hanse authorization {APP}")
    other = Secret(config.url.reveal().replace(f"//{APP}@", f"//{OTHER}@"))
    async with Library(config, url=other) as library:
        with pytest.raises(FailedPrecondition) as refused:
            async with library.sessions.begin() as session:
                await library.lend(session, "Emma")
        _, _, remedy = str(refused.value).partition("schema run: ")
        await admin.execute(remedy.replace("LOGIN", OTHER))
        async with library.sessions.begin() as session:
            await library.outbox.emit(session, BookLent(book="Emma"))
            await library.processes.start(session, Returns.wait_for, "Emma", id="1")
        assert await library.told() == ["Emma"]


@entity("crm.contacts")
class Contact(Entity):
    name: str


class Contacts(Service, package="crm.v1"):
    def __init__(self, contacts: Collection[Contact]) -> None:
        self._contacts = contacts

    @rpc(allow=PUBLIC)
    async def add(self, name: str) -> Contact:
        return await self._contacts.create(Contact(name=name))


async def test_so_is_who_may_not_make_the_schema_of_an_entity(plain):
    admin, config = plain
    await admin.execute(f"create schema hanse authorization {APP}")
    with pytest.raises(DatabaseUnfit, match="create schema crm authorization") as refused:
        await Library(config, Contacts).__aenter__()
    await admin.execute(str(refused.value).partition("run once: ")[2])
    async with Library(config, Contacts) as library:
        assert (await library.host.get(Contacts).add("Ada")).name == "Ada"
