"""A method whose request body is one of its arguments: `@rpc("PUT …", body="item")`."""

from typing import Annotated

import pytest
from msgspec import Struct

from hanse.runtime.contract.declaration import rpc
from hanse.runtime.contract.describe import describe
from hanse.runtime.contract.rules import Length
from hanse.runtime.contract.service import Service, contract_of
from hanse.runtime.identity.permission import PUBLIC
from hanse.runtime.publish.openapi import openapi
from hanse.runtime.publish.typescript import typescript
from hanse.testing import World


class Size(Struct, frozen=True):
    width: int
    depth: int = 1


class Thing(Struct, frozen=True):
    name: Annotated[str, Length(1, 10)]
    size: Size | None = None


class Note(Struct, frozen=True):
    text: str = "nothing"


class Seen(Struct, frozen=True):
    thing: Thing
    same_class: bool
    text: str


class Things(Service):
    """Things by name."""

    @rpc("PUT /shop/v1/things/{key}", allow=PUBLIC, body="item")
    async def put(
        self, key: str, item: Thing, marks: tuple[str, ...] = (), revision: int = 0
    ) -> Seen:
        """Puts a thing."""
        return Seen(item, type(item) is Thing, f"{key} {','.join(marks)} {revision}")

    @rpc("POST /shop/v1/notes", allow=PUBLIC, body="note")
    async def note(self, note: Note) -> Note:
        """Notes."""
        return note


@pytest.fixture
async def http():
    async with World(Things) as world:
        yield world.http()


async def test_the_body_is_one_argument_and_the_others_come_from_path_and_query(http):
    answer = await http.request(
        "PUT", "/shop/v1/things/a?marks=x&marks=y&revision=7", {"name": "Box"}
    )

    assert answer.json == {
        "thing": {"name": "Box", "size": None},
        "same_class": True,
        "text": "a x,y 7",
    }


@pytest.mark.parametrize(
    ("path", "body", "field", "rule"),
    [
        ("a", {"name": ""}, "name", "length >= 1"),
        ("a", {}, "name", "required"),
        ("a", {"name": "a", "size": {"width": "wide"}}, "size.width", "type int"),
        ("a", {"name": "a", "nmae": "b"}, "nmae", "unknown"),
        ("a", {"name": "a", "size": {"width": 1, "hight": 2}}, "size.hight", "unknown"),
        ("a", b'{"name":"a","name":"b"}', "name", "duplicate"),
        ("a", {"item": {"name": "a"}}, "name", "required"),
        ("a", {"name": "a", "size": {"width": 2**63}}, "", "int64"),
        ("a", [1], "", "type object"),
        ("a?revision=x", {"name": "a"}, "revision", "type int"),
        ("a?name=b", {"name": "a"}, "name", "unknown"),
        ("a?item=b", {"name": "a"}, "item", "unknown"),
        ("a?key=b", {"name": "a"}, "key", "unknown"),
        ("a?revision=1&revision=2", {"name": "a"}, "revision", "duplicate"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named_without_the_name_of_the_argument(
    http, path, body, field, rule
):
    answer = await http.request("PUT", f"/shop/v1/things/{path}", body)

    assert answer.status == 400, answer.text
    assert [(one["field"], one["rule"]) for one in answer.json["violations"]] == [(field, rule)]


async def test_a_body_in_which_nothing_is_required_may_be_left_out(http):
    assert (await http.request("POST", "/shop/v1/notes")).json == {"text": "nothing"}
    assert (await http.request("PUT", "/shop/v1/things/a")).status == 415


async def test_by_connect_all_arguments_are_one_message(http):
    answer = await http.post(
        "/shop.v1.Things/Put", {"key": "a", "item": {"name": "Box"}, "marks": ["x"]}
    )

    assert answer.json["text"] == "a x 0"


def test_the_description_puts_each_argument_where_it_is_sent():
    document = openapi([describe(contract_of(Things))], title="Shop", version="1")

    put = document["paths"]["/shop/v1/things/{key}"]["put"]
    assert [(one["name"], one["in"]) for one in put["parameters"]] == [
        ("key", "path"), ("marks", "query"), ("revision", "query"),
    ]  # fmt: skip
    assert put["requestBody"]["required"] is True
    assert put["requestBody"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/Thing"
    }
    assert document["components"]["schemas"]["Thing"]["additionalProperties"] is False


def test_a_typescript_client_sends_each_argument_where_it_belongs():
    text = typescript([describe(contract_of(Things))])

    assert (
        'query: { "marks": args["marks"], "revision": args["revision"] }, body: args["item"] }'
        in text
    )
