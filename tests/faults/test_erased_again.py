"""Who was erased does not come back by a restore of a moment before."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.backed_up import Shop, now, shop
from tests.end_to_end.fleet import until
from tests.end_to_end.terminal import fetch

CRM = '''
"""Keeps persons."""

from typing import Annotated

from hanse import (
    PUBLIC, Collection, Database, Entity, Length, People, Personal, Searchable, Service, entity, rpc
)


@entity("crm.contacts", person="id")
class Contact(Entity):
    name: Annotated[str, Length(1, 100), Personal(erase="row")]


@entity("crm.orders", person="email")
class Order(Entity):
    email: Annotated[str, Length(0, 254), Searchable(), Personal(erase="field")] = ""
    goods: str = ""


class Crm(Service):
    """Keeps persons."""

    def __init__(
        self,
        contacts: Collection[Contact],
        orders: Collection[Order],
        people: People,
        database: Database,
    ) -> None:
        self._database = database
        self._contacts = contacts
        self._orders = orders
        self._people = people

    @rpc("POST /crm/v1/contacts", allow=PUBLIC)
    async def add(self, name: str) -> str:
        return (await self._contacts.create(Contact(name=name))).id

    @rpc("GET /crm/v1/contacts/{id}", allow=PUBLIC)
    async def contact(self, id: str) -> Contact:
        return await self._contacts.get(id)

    @rpc("POST /crm/v1/orders", allow=PUBLIC)
    async def order(self, email: str) -> str:
        return (await self._orders.create(Order(email=email, goods="tea"))).id

    @rpc("GET /crm/v1/orders/{id}", allow=PUBLIC)
    async def ordered(self, id: str) -> Order:
        return await self._orders.get(id)

    @rpc("POST /crm/v1/erasures", allow=PUBLIC)
    async def erase(self, person: str) -> int:
        return len((await self._people.erase(person)).touched)

    @rpc("GET /crm/v1/erasures", allow=PUBLIC)
    async def unfinished(self) -> int:
        rows = await self._database.fetch("select from hanse.erasure where end_time is null")
        return len(rows)
'''


def call(made: Shop, path: str, **given: str) -> tuple[int, Any]:
    status, text = fetch(f"{made.fleet.url}/crm/v1/{path}", given or None)
    return status, json.loads(text)


def with_crm(made: Shop) -> None:
    made.fleet.write("crm.py", CRM)
    file = made.folder / "hanse.toml"
    file.write_text(file.read_text().replace("services = [", 'services = ["crm:Crm", ', 1))


def erased_in(place: Path) -> str:
    return "".join(one.read_text() for one in place.glob("*/erasures/*.json"))


def test_who_was_erased_after_a_moment_is_erased_in_it_too(tmp_path: Path) -> None:
    with shop(tmp_path) as made:
        with_crm(made)
        made.fleet.up()
        _, ada = call(made, "contacts", name="Ada")
        _, bob = call(made, "contacts", name="Bob")
        _, order = call(made, "orders", email="ada@example.org")
        made.fleet.hanse("backup")
        between = now()
        for person in (ada, "ada@example.org"):
            assert call(made, "erasures", person=person) == (200, 1)
        until(lambda: erased_in(made.place).count("subject") == 2, "the ledger to tell")
        assert ada in erased_in(made.place) and "example.org" not in erased_in(made.place)
        made.lose()

        restored = made.fleet.hanse("restore", "--to", between.isoformat())
        assert restored["erased"] == 2
        made.fleet.up()
        assert call(made, f"contacts/{ada}")[0] == 404
        assert call(made, f"contacts/{bob}")[1]["name"] == "Bob"
        assert call(made, f"orders/{order}")[1]["email"] == ""


@pytest.mark.long
def test_who_was_erased_is_erased_again_in_one_site_though_nothing_else_differs(
    tmp_path: Path,
) -> None:
    with shop(tmp_path) as made:
        with_crm(made)
        made.fleet.up()
        _, order = call(made, "orders", email="ada@example.org")
        made.fleet.hanse("backup")
        asked = ("restore", "--site", "default", "--to", now().isoformat())
        assert call(made, "erasures", person="bob@example.org") == (200, 0)
        made.until_complete(now())
        assert made.fleet.hanse(*asked)["tables"] == []
        assert call(made, "erasures") == (200, 0), "none is unfinished, or no run would end it"
        assert call(made, f"orders/{order}")[1]["email"] == "ada@example.org"

        assert call(made, "erasures", person="ada@example.org") == (200, 1)
        key = made.folder / ".hanse/up/keys/generation-1.key"
        hidden = key.rename(key.parent.parent / "hidden")
        [beside] = made.place.glob("*/keys/generation-1.key")
        away = beside.rename(made.place / "hidden")
        assert "lacks generation-1.key" in made.refused(*asked), "before anything is changed"
        assert call(made, "erasures") == (200, 0)
        away.rename(beside)
        assert made.fleet.hanse(*asked)["erased"] == 1
        assert key.read_bytes() == hidden.read_bytes()
        assert call(made, f"orders/{order}")[1]["email"] == ""
