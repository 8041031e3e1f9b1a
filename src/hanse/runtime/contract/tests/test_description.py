"""A contract's description is plain data, always the same, and all that is published comes from it."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Generic, Literal, Optional, TypeVar

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from hanse import PUBLIC, Contract, Struct, rpc
from hanse.runtime.contract.describe import describe
from hanse.runtime.contract.description import ContractDescription, Ref, Scalar
from hanse.runtime.contract.tests import rich
from hanse.runtime.contract.tests.errors_elsewhere import Full, Fuller, Place, Rootless
from hanse.runtime.contract.tests.rich import Tree
from hanse.runtime.publish.openapi import openapi
from hanse.runtime.publish.proto import proto
from hanse.runtime.publish.proto_lock import ProtoLock, update_lock
from hanse.runtime.publish.typescript import typescript

T = TypeVar("T")

SNAPSHOT = Path(__file__).parent / "rich.json"


def described() -> ContractDescription:
    return describe(rich.Contacts.__contract__)


def test_the_description_is_the_one_that_was_written_down():
    """To accept a change: delete the file, run this test, read the diff."""
    text = msgspec.json.format(msgspec.json.encode(described()), indent=1).decode() + "\n"
    if not SNAPSHOT.exists():
        SNAPSHOT.write_text(text)
        pytest.fail(f"{SNAPSHOT} was missing and is written anew; read it and commit it")

    assert text == SNAPSHOT.read_text()


def test_an_implementation_is_described_as_its_contract():
    assert describe(rich.Book.__contract__) == described()


def test_what_is_told_of_a_method():
    methods = {one.name: one for one in described().methods}

    create, internal = methods["create"], methods["internal"]
    assert create.doc == "Adds a contact.\n\nIt must not be there."
    assert [one.name for one in create.arguments] == ["contact", "quietly"]
    assert [one.required for one in create.arguments] == [True, False]
    assert create.errors == ("full", "fuller")
    assert create.permission == "crm.contacts.write"
    assert methods["merge"].idempotent
    assert methods["watch"].streams
    assert methods["find"].result == Ref("Page_Contact")
    assert (internal.verb, internal.path) == (None, None)


class Shelf(Struct, Generic[T], frozen=True):
    holds: T


class Shelves(Contract):
    @rpc("POST /shelves/v1/first", allow=PUBLIC)
    async def first(self, one: Shelf[Optional[Place]]) -> Shelf[tuple[int, ...]]: ...  # noqa: UP045  the older spelling is under test

    @rpc("POST /shelves/v1/second", allow=PUBLIC)
    async def second(self, one: Shelf[Mapping[str, Tree]]) -> Shelf[Literal["a", 1]]: ...


def test_a_generic_type_has_a_name_without_modules_that_is_the_same_on_every_python():
    assert {one.name for one in describe(Shelves.__contract__).types} == {
        "Shelf_Place_None", "Shelf_tuple_int", "Shelf_Mapping_str_Tree", "Shelf_Literal_a_1",
        "Place", "Tree",
    }  # fmt: skip


def test_types_that_mention_themselves_and_others_are_told_once():
    assert [one.name for one in described().types] == [
        "Card", "Contact", "Page_Contact", "Page_Tree", "Place", "Transfer", "Tree",
    ]  # fmt: skip


def test_fields_of_errors_are_read_where_their_annotations_are_text_of_another_module():
    errors = {one.code: one for one in described().errors}

    assert [one.name for one in errors["full"].fields] == ["limit", "place", "counts"]
    assert [one.name for one in errors["fuller"].fields] == ["limit", "place", "counts", "by"]
    assert errors["fuller"].kind == "failed_precondition"
    assert errors["rootless"].kind == "unknown"
    assert errors["full"].fields[0].shape == Scalar("integer")


def test_such_errors_can_be_raised_and_check_their_fields():
    error = Fuller(detail="Too much.", limit=3, place=Place(1), counts={"a": 1}, by=2)

    assert (error.limit, error.place, error.counts, error.by) == (3, Place(1), {"a": 1}, 2)
    assert Full(limit=3).place is None
    assert Rootless("Odd.", why="so").why == "so"
    with pytest.raises(TypeError, match="Full: "):
        Full(limit="three")
    with pytest.raises(TypeError, match="Full: "):
        Full()


def test_openapi_of_it_is_valid():
    document = openapi([described()], title="Contacts", version="1")

    validate(document, cls=OpenAPIV31SpecValidator)
    assert set(document["paths"]) >= {"/crm/v1/contacts", "/crm/v1/contacts/{contact_id}:merge"}


def test_proto_and_typescript_of_it_can_be_written():
    contract = described()

    text = proto(contract, update_lock(ProtoLock(), [contract]))
    assert "service Contacts" in text
    assert "rpc Create(" in text
    assert "class Contacts" in typescript([contract])


def test_a_host_serves_what_is_described():
    from hanse.testing import World

    async def ask():
        async with World(rich.Book) as world:
            http = world.http()
            document = (await http.get("/openapi.json")).json
            found = await http.get("/crm/v1/contacts?words=a&words=b&limit=3&colour=red")
            wrong = await http.get("/crm/v1/contacts?colour=green")
            person = await http.get("/people/Ada?big=true")
            return document, found, wrong, person

    document, found, wrong, person = asyncio.run(ask())
    validate(document, cls=OpenAPIV31SpecValidator)
    assert (found.status, found.json) == (200, {"items": [], "next_cursor": ""})
    assert wrong.status == 400
    [violation] = wrong.json["violations"]
    assert (violation["field"], violation["rule"]) == ("colour", "one of 'red', 'blue'")
    assert (person.status, person.text) == (200, "<h1>Ada</h1>")
