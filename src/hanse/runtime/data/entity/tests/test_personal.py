"""What an entity says of persons: read once, and what is wrong told at once with its remedy."""

from collections.abc import Mapping
from typing import Annotated

import pytest
from msgspec import Struct

from hanse.runtime.contract.file import File
from hanse.runtime.contract.mistakes import DeclarationError
from hanse.runtime.contract.rules import Instant, Length
from hanse.runtime.data.entity.entity import Entity, entity, entity_of
from hanse.runtime.data.entity.marks import (
    Index,
    Indexed,
    Keep,
    Personal,
    Ref,
    Retention,
    Searchable,
    Unique,
)

Name = Annotated[str, Length(1, 100)]
ROW = Personal(erase="row")
TAX = Keep(days=3650, reason="tax law")


class Address(Struct, frozen=True):
    street: Name
    city: Name = "Kiel"


class Home(Struct, frozen=True):
    floor: int
    street: Annotated[Name, ROW]


@entity("crm.contacts", Index("email", "-create_time"), person="id", retention=Retention(days=90))
class Contact(Entity):
    name: Annotated[Name, ROW]
    home: Home
    email: Annotated[str, Length(3, 1000), Unique(), ROW]
    nick: Annotated[Name, Searchable(), ROW] | None = None
    phone: Annotated[Name, Personal(erase="field"), Retention(days=30)] | None = None
    invoice: Annotated[Address | None, Personal(erase=TAX)] = None
    town: Annotated[Name, Indexed(), Personal(erase="field", sealed=False)] = "Kiel"
    photo: Annotated[File, Personal(erase="field")] | None = None
    notes: Annotated[Mapping[str, tuple[Address, ...]], Personal(erase="field")] = {}
    size: int = 0


@entity("crm.notes", person="contact")
class Note(Entity):
    contact: Annotated[Ref[Contact], Indexed()]
    text: Annotated[Name, ROW]
    author: Annotated[Name, Indexed()] = "nobody"
    remark: Annotated[Name, Personal(erase="field", of="author")] = "none"


def test_what_says_something_of_a_person_is_read_with_its_rule():
    model = entity_of(Contact)

    read = {one.leaf.name: (one.rule, one.sealed, one.searchable) for one in model.personal}
    assert read == {
        "name": ("row", True, False),
        "home.street": ("row", True, False),
        "email": ("row", True, True),
        "nick": ("row", True, True),
        "phone": ("field", True, False),
        "invoice": (TAX, True, False),
        "town": ("field", False, False),
        "photo": ("field", True, False),
        "notes": ("field", True, False),
    }
    assert model.person == ("id",)
    assert model.retention == Retention(days=90)
    assert [one.leaf.name for one in model.personal if one.purpose == "kept"] == ["invoice"]
    assert [one.leaf.name for one in model.personal if one.files] == ["photo"]
    assert [(leaf.name, how.days) for leaf, how in model.retained] == [("phone", 30)]
    assert {one.leaf.name for one in model.sealed} == read.keys() - {"town"}


def test_a_field_may_say_something_of_somebody_else():
    persons = {one.leaf.name: one.person for one in entity_of(Note).personal}

    assert persons == {"text": ("contact",), "remark": ("author",)}


def test_what_is_sealed_is_asked_for_by_nothing_but_its_token():
    model = entity_of(Contact)

    fields = {field.name: field for field in model.fields.values()}
    assert {"name", "home.street", "phone", "invoice", "invoice.city"}.isdisjoint(fields)
    assert {name for name, field in fields.items() if field.blind} == {"email", "nick"}
    assert fields["email"].expression == """(substr(doc->>'email', 2, 22)) collate "C\""""
    assert {index.fields for index in model.indexes} == {
        ("email",),
        ("nick",),
        ("town",),
        ("email", "create_time"),
    }


class Marked(Struct, frozen=True):
    street: Annotated[Name, ROW]


class Both(Struct, frozen=True):
    inner: Annotated[Marked, ROW]


class Partly(Struct, frozen=True):
    inner: Annotated[Address, Retention(days=1)] = Address("Markt")


WRONG = [
    ({"name": Annotated[Name, Personal()]}, {}, "says not what erasing its person does"),
    ({"name": Annotated[Name, Personal(erase="all")]}, {}, "says not what erasing its person does"),
    ({"name": Annotated[Name, Personal(erase="field")]}, {}, "has no default that erasing could"),
    ({"name": Annotated[Name, Personal(erase=Keep(0, "law"))]}, {}, "for no days or no reason"),
    ({"name": Annotated[Name, Personal(erase=Keep(9, " "))]}, {}, "for no days or no reason"),
    ({"name": Annotated[Name, ROW]}, {"person": ""}, "nothing says whose it is"),
    ({"name": Annotated[Name, ROW]}, {"person": "owner"}, "person='owner': is no text"),
    ({"name": Annotated[Name, ROW], "owner": int}, {"person": "owner"}, "is no text that could"),
    ({"name": Annotated[Name, ROW], "owner": Name}, {"person": "owner"}, "add Indexed() to it"),
    ({"name": Annotated[Name, ROW]}, {"person": "name"}, "add Searchable() to it"),
    ({"name": Annotated[Name, Indexed(), Personal(erase="row", sealed=False)]}, {"person": "name"}, "a key would name the person"),
    ({"name": Annotated[Name, Personal(erase="row", of="x")]}, {}, "person='x': is no text"),
    ({"name": Annotated[Name, ROW, Indexed()]}, {}, "Searchable() finds what equals it, Personal(…, sealed=False)"),
    ({"name": Annotated[Name, ROW]}, {"index": "name"}, "Searchable() has it be found, Personal(…, sealed=False)"),
    ({"age": Annotated[int, ROW, Unique()]}, {}, "is sealed and searched, and no text"),
    ({"age": Annotated[int, ROW, Searchable()]}, {}, "is sealed and searched, and no text"),
    ({"tags": Annotated[tuple[Name, ...], ROW, Searchable()]}, {}, "is sealed and searched, and no text"),
    ({"name": Annotated[Name, Searchable()]}, {}, "Searchable and not sealed"),
    ({"name": Annotated[Name, Searchable(), Personal(erase="row", sealed=False)]}, {}, "Indexed() finds what is kept in clear"),
    ({"lines": tuple[Marked, ...]}, {}, "Marked.street: is marked inside of `lines`"),
    ({"lines": Mapping[str, Marked]}, {}, "the list, map or struct around it"),
    ({"lines": Annotated[Marked, ROW]}, {}, "Marked.street: is marked inside of `lines`"),
    ({"tags": tuple[Annotated[Name, ROW], ...]}, {}, "Wrong.tags: has the mark at what is in it"),
    ({"tags": Mapping[str, Annotated[Name, ROW]]}, {}, "Wrong.tags: has the mark at what is in it"),
    ({"both": Both}, {}, "Marked.street: is marked inside of `both.inner`"),
    ({"part": Partly}, {}, "Partly.inner: is a struct with a mark for single values"),
    ({"name": Annotated[Name, Retention(days=1)]}, {}, "no default to go back to"),
    ({"name": Annotated[Name | None, Retention(days=1, since="name")]}, {}, "name create_time, update_time"),
    ({"at": Annotated[Instant, ROW]}, {"retention": Retention(days=1, since="at")}, "no instant that is kept in clear"),
    ({"at": Instant}, {"retention": Retention(days=0, since="at")}, "is kept for 0 days"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "options", "said"), WRONG, ids=lambda one: str(one)[:40])
def test_a_wrong_declaration_is_refused_with_its_remedy(fields, options, said):
    options = {"person": "id", **options}
    indexes = [Index(options.pop("index"))] if "index" in options else []

    with pytest.raises(DeclarationError) as caught:
        entity("crm.x", *indexes, **options)(
            type(Entity)("Wrong", (Entity,), {"__annotations__": fields, "__module__": __name__})
        )

    assert any(said in problem and "→" in problem for problem in caught.value.problems), (
        caught.value
    )


@pytest.mark.parametrize("default", ["x", "Nobody"])
def test_a_searched_text_has_no_default_that_it_would_not_be_found_by(default):
    with pytest.raises(DeclarationError, match="has a default that no search would find"):

        @entity("crm.x", person="id")
        class Wrong(Entity):
            name: Annotated[str, Searchable(), ROW] = default


def test_an_address_of_a_person_may_be_the_person():
    @entity("crm.letters", person="email")
    class Letter(Entity):
        email: Annotated[str, Length(3, 254), Searchable(), ROW]
        text: Annotated[str, ROW] = ""

    assert {one.person for one in entity_of(Letter).personal} == {("email",)}
