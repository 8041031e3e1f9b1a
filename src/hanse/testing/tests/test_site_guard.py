"""A guarded world: what leaves its site sees nothing there, in a call, in a block and under a key."""

import pytest

from hanse import PUBLIC, Database, Entity, Principal, Resource, Service, entity, rpc
from hanse.testing import GuardedWorld, World

STAFF = Principal("staff", "eve")


@entity("lax.notes")
class Note(Entity):
    """A note."""

    text: str


class Notes(Resource[Note], allow=PUBLIC):
    """Notes."""


class Lax(Service):
    """Forgets in its own SQL whose call it is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @rpc("POST /lax/v1/count", allow=PUBLIC)
    async def count(self) -> int:
        """How many there are, of everybody."""
        return len(await self._database.fetch("select from lax.notes"))

    @rpc("POST /lax/v1/count:block", allow=PUBLIC)
    async def count_in_a_block(self) -> int:
        """The same in a block."""
        async with self._database.transaction():
            return await self.count()


@pytest.mark.parametrize("keyed", [False, True], ids=["no key", "keyed"])
@pytest.mark.parametrize("path", ["/lax/v1/count", "/lax/v1/count:block"])
@pytest.mark.parametrize("guarded", [False, True], ids=["plain", "guarded"])
async def test_a_statement_without_a_site_sees_its_calls_alone(guarded, path, keyed):
    async with (GuardedWorld if guarded else World)(Notes, Lax) as world:
        for site in ("one", "two"):
            made = await world.http(STAFF, site=site).post("/lax/v1/notes", {"text": site})
            assert made.status == 200, made.text
        headers = {"idempotency-key": "k"} if keyed else {}
        counted = await world.http(STAFF, site="one").post(path, {}, headers)
        assert counted.json == (1 if guarded else 2)


async def test_what_is_of_no_call_is_of_all_sites():
    async with GuardedWorld(Notes) as world:
        await world.http(STAFF, site="one").post("/lax/v1/notes", {"text": "x"})
        assert len(await world.database.fetch("select from lax.notes")) == 1
