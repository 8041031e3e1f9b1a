"""Secrets of an entity: written by callers, read by its service, answered to nobody."""

import json
from collections.abc import Mapping
from typing import Annotated

import pytest
from msgspec import Struct

from hanse.runtime.config.secret import Secret
from hanse.runtime.contract.declaration import rpc
from hanse.runtime.contract.describe import describe
from hanse.runtime.contract.mistakes import DeclarationError
from hanse.runtime.contract.rules import Length
from hanse.runtime.contract.service import Service, contract_of
from hanse.runtime.data.collection.collection import Collection
from hanse.runtime.data.entity.entity import Entity, entity
from hanse.runtime.data.entity.marks import Indexed, Keep, Personal, Searchable
from hanse.runtime.data.people.people import People
from hanse.runtime.data.resource.resource import Resource
from hanse.runtime.errors import InvalidArgument
from hanse.runtime.identity.permission import PUBLIC
from hanse.runtime.publish.openapi import openapi
from hanse.runtime.publish.typescript import typescript
from hanse.testing.world import World

Name = Annotated[str, Length(1, 100), Indexed()]


@entity("shop.accounts")
class Account(Entity):
    """At another shop."""

    name: Name
    token: Secret | None = None


@entity("shop.customers", person="id")
class Customer(Entity):
    """Who buys."""

    name: Annotated[str, Length(1, 100), Personal(erase="field")] = "nobody"
    token: Secret | None = None


class Customers(Resource[Customer], allow=PUBLIC):
    """Those who buy."""


class Accounts(Resource[Account], allow=PUBLIC):
    """Of a site."""

    async def create(self, item: Account) -> Account:
        """Stores one of which the token was looked at."""
        assert item.token is None or isinstance(item.token, Secret)
        return await super().create(item)


class Robot(Service):
    """Uses the tokens."""

    def __init__(self, accounts: Accounts, own: Collection[Account]) -> None:
        self._accounts, self._own = accounts, own

    @rpc("POST /shop/v1/accounts/{id}:use", allow=PUBLIC)
    async def use(self, id: str) -> int:
        """How long a token is."""
        token = (await self._own.get(id)).token
        return len(token.reveal()) if token else 0

    @rpc("POST /shop/v1/accounts:open", allow=PUBLIC)
    async def open(self, name: str) -> str:
        """Opens one with a token of its own; its id."""
        made = await self._accounts.create(Account(name, Secret("drawn for it")))
        return made.id


class Privacy(Service, package="privacy.v1"):
    """Answers who asks."""

    def __init__(self, people: People, own: Collection[Customer]) -> None:
        self._people, self._own = people, own

    @rpc(allow=PUBLIC)
    async def export(self, person: str) -> str:
        """All that is theirs."""
        return b"".join([piece async for piece in self._people.export(person)]).decode()

    @rpc(allow=PUBLIC)
    async def forget(self, person: str) -> bool:
        """Erases somebody; whether their token is left."""
        await self._people.erase(person)
        return (await self._own.get(person)).token is not None


@pytest.fixture(params=[False, True], ids=["together", "apart"])
async def world(request):
    async with World(Accounts, Robot, apart=request.param) as world:
        yield world


PATH = "/shop/v1/accounts"


async def test_what_a_caller_writes_its_service_reads_and_no_answer_has(world):
    http = world.http()
    made = await http.post(PATH, {"name": "Kiel", "token": "open sesame"})
    name = made.json["id"]
    answers = [
        made,
        await http.get(f"{PATH}/{name}"),
        await http.get(PATH),
        await http.post(f"{PATH}:query", {"filter": {"name": "Kiel"}}),
        await http.post(f"{PATH}:batchGet", {"ids": [name]}),
        await http.post(f"{PATH}:select", {"fields": ["name"]}),
        await http.request("PATCH", f"{PATH}/{name}", {"name": "Rostock"}),
        await http.request("PUT", f"{PATH}/{name}", {"name": "Kiel"}),
        await http.post(f"{PATH}:bulkUpdate", {"items": [{"id": name, "name": "Kiel"}]}),
        await http.post(f"{PATH}:bulkCreate", {"items": [{"name": "Other", "token": "mellon"}]}),
    ]

    assert [one.status for one in answers if one.status != 200] == []
    assert [one for one in answers if "token" in str(one.json)] == []
    assert (await http.post(f"{PATH}/{name}:use", {})).json == len("open sesame")
    rows = await world.database.fetch("select doc::text as doc from shop.accounts")
    assert not any(word in row["doc"] for row in rows for word in ("sesame", "mellon"))
    columns = await world.database.fetch(
        "select attname::text as name from pg_attribute "
        "where attrelid = 'shop.accounts_view'::regclass"
    )
    assert "token" not in {row["name"] for row in columns}


async def test_a_secret_changes_by_itself_and_goes_where_it_is_named(world):
    http = world.http()
    name = (await http.post(PATH, {"name": "Kiel", "token": "open sesame"})).json["id"]

    await http.request("PATCH", f"{PATH}/{name}", {"token": "mellon"})
    assert (await http.post(f"{PATH}/{name}:use", {})).json == len("mellon")
    await http.request("PATCH", f"{PATH}/{name}?update_mask=token", {})
    assert (await http.post(f"{PATH}/{name}:use", {})).json == 0


async def test_a_service_hands_one_to_the_resource(world):
    name = (await world.http().post(f"{PATH}:open", {"name": "Kiel"})).json

    assert await world.get(Robot).use(name) == len("drawn for it")
    assert not hasattr(await world.get(Accounts).get(name), "token")


@pytest.mark.parametrize(
    "asked", [{"filter": {"token": "x"}}, {"sort": ["token"]}, {"fields": ["token"]}]
)
async def test_nobody_asks_for_one(world, asked):
    method = "select" if "fields" in asked else "query"

    refused = await world.http().post(f"{PATH}:{method}", asked)
    assert (refused.status, refused.json["code"]) == (400, "invalid_argument")


async def test_that_of_a_person_goes_with_them_and_an_export_says_that_it_is_there():
    async with World(Customers, Privacy) as world:
        made = await world.get(Customers).create(Customer("Ada", token=Secret("open sesame")))
        privacy = world.get(Privacy)

        told = json.loads(await privacy.export(made.id))
        (row,) = told["collections"]["shop.customers"]
        assert row["doc"] == {"name": "Ada", "token": True}
        assert not await privacy.forget(made.id)


def test_it_is_published_as_what_is_written_only():
    described = describe(contract_of(Accounts))

    schemas = openapi([described], title="Shop", version="1")["components"]["schemas"]
    assert "token" not in schemas["Account"]["properties"]
    assert schemas["AccountInput"]["properties"]["token"]["writeOnly"] is True
    assert schemas["AccountInputChanges"]["properties"]["token"]["writeOnly"] is True
    client = typescript([described])
    answered = client.partition("export interface Account {")[2].partition("}")[0]
    written = client.partition("export interface AccountInput {")[2].partition("}")[0]
    assert "name: string" in answered
    assert "token" not in answered
    assert "token?: string | null" in written


class Inside(Struct, frozen=True):
    token: Secret | None = None


WRONG = [
    ({"inside": Inside}, "has a Secret inside"),
    ({"tokens": tuple[Secret, ...]}, "has a Secret inside"),
    ({"tokens": Mapping[str, Secret]}, "has a Secret inside"),
    ({"token": Annotated[Secret, Indexed()]}, "sealed"),
    ({"token": Annotated[Secret, Searchable()]}, "no text"),
    ({"token": Annotated[Secret, Personal(erase="row", sealed=False)]}, "kept in clear"),
    ({"token": Annotated[Secret, Personal(erase=Keep(9, "law"))]}, "longer than its person"),
]


@pytest.mark.parametrize(("fields", "said"), WRONG, ids=lambda one: str(one)[:40])
def test_a_wrong_declaration_is_refused_with_its_remedy(fields, said):
    with pytest.raises(DeclarationError) as caught:
        entity("shop.x", person="id")(
            type(Entity)("Wrong", (Entity,), {"__annotations__": fields, "__module__": __name__})
        )
    assert any(said in problem for problem in caught.value.problems), caught.value


def test_a_method_of_ones_own_takes_and_answers_no_secret():
    with pytest.raises(DeclarationError, match="take a str, and make a Secret of it inside"):

        class Leaking(Service, package="shop.v1"):
            @rpc(allow=PUBLIC)
            async def leak(self) -> Account: ...


async def test_an_empty_one_is_refused(world):
    with pytest.raises(InvalidArgument):
        await world.get(Accounts).update("account_x", {"token": ""})
