"""What comes out of a collection is sent without a second look; whatever else is, gets one."""

from typing import Any

import msgspec
import pytest
from msgspec import Struct

from hanse.runtime.contract.declaration import rpc
from hanse.runtime.contract.service import Service
from hanse.runtime.data.collection.collection import Collection
from hanse.runtime.data.collection.outcome import Page
from hanse.runtime.data.resource.resource import Resource
from hanse.runtime.data.resource.tests.crm import Company, Contact
from hanse.runtime.identity.permission import PUBLIC
from hanse.testing import World


class Plaque(Struct, frozen=True):
    """Less than a company has, and one thing more."""

    name: str
    material: str


class Firms(Resource[Company], allow=PUBLIC):
    """Companies, and what goes wrong with them."""

    async def get(self, id: str, *, show_deleted: bool = False) -> Company:
        """As one asks for."""
        found = await self.items.get(id, show_deleted=show_deleted)
        return found if found.name == "Acme" else msgspec.structs.replace(found, name="")

    async def list(
        self, *, sort: tuple[str, ...] = (), page_size: int = 50, cursor: str = ""
    ) -> Page[Company]:
        """All of them, with a wrong word at the end of each but the first page."""
        page = await self.items.query(sort=sort, page_size=page_size, cursor=cursor)
        wrong: Any = 7
        return msgspec.structs.replace(page, next_cursor=wrong) if cursor else page

    @rpc("GET /crm/v1/companies/{id}:plaque", allow=PUBLIC)
    async def plaque(self, id: str) -> Plaque:
        """It is of another type."""
        found: Any = await self.items.get(id)
        return found


class Notes(Service):
    """Changes what it read, in the one place where Python lets it."""

    def __init__(self, contacts: Collection[Contact]) -> None:
        self._contacts = contacts

    @rpc("POST /notes/v1/contacts", allow=PUBLIC)
    async def note(self, value: str) -> Contact:
        """A note of 7 is a number."""
        made = await self._contacts.create(Contact("Ada", f"{value}@b.c", notes={"a": value}))
        notes: Any = made.notes
        notes["a"] = 7 if value == "7" else value
        return made


@pytest.fixture
async def http():
    async with World(Firms, Notes) as world:
        yield world.http()


async def test_a_changed_copy_of_what_was_read_is_looked_at(http):
    acme = (await http.post("/crm/v1/companies", {"name": "Acme"})).json
    other = (await http.post("/crm/v1/companies", {"name": "Other"})).json

    assert (await http.get(f"/crm/v1/companies/{acme['id']}")).json == acme
    assert (await http.get(f"/crm/v1/companies/{other['id']}")).status == 500


async def test_so_is_a_changed_page(http):
    for name in ("A", "B", "C"):
        await http.post("/crm/v1/companies", {"name": name})

    first = await http.get("/crm/v1/companies?page_size=1")
    assert [one["name"] for one in first.json["items"]] == ["A"]
    cursor = first.json["next_cursor"]
    assert (await http.get(f"/crm/v1/companies?page_size=1&cursor={cursor}")).status == 500


async def test_so_is_what_was_read_in_the_place_of_something_else(http):
    acme = (await http.post("/crm/v1/companies", {"name": "Acme"})).json
    assert (await http.get(f"/crm/v1/companies/{acme['id']}:plaque")).status == 500


@pytest.mark.parametrize(("value", "status"), [("right", 200), ("7", 500)])
async def test_so_is_what_has_a_map_that_its_holder_can_change(http, value, status):
    assert (await http.post("/notes/v1/contacts", {"value": value})).status == status
