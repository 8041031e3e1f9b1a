"""Declaring entities: what is read of a class, and what is said of a wrong one, all at once."""

import enum
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import pytest
from msgspec import Struct

from hanse.runtime.contract.mistakes import DeclarationError
from hanse.runtime.contract.rules import Instant, Length
from hanse.runtime.data.entity.entity import Entity, entity, entity_of
from hanse.runtime.data.entity.marks import Immutable, Index, Indexed, Ref, Unique

Name = Annotated[str, Length(1, 100)]


class Colour(enum.Enum):
    RED = "red"


class Address(Struct, frozen=True):
    street: Name
    city: Annotated[str, Length(1, 50), Indexed()] = "Lübeck"


@entity("crm.companies")
class Company(Entity):
    name: Name


@entity("crm.contacts", Index("last_name", "-create_time"), deletes="soft")
class Contact(Entity):
    """Somebody we know."""

    name: Annotated[Name, Indexed()]
    email: Annotated[str, Length(3, 254), Unique(), Immutable()]
    last_name: Annotated[str, Length(0, 100)] = "it's"
    tags: Annotated[tuple[Annotated[str, Length(1, 40)], ...], Indexed()] = ()
    company: Ref[Company] | None = None
    boss: Ref["Contact"] | None = None
    seen: Annotated[Instant | None, Indexed()] = None
    colour: Colour = Colour.RED
    address: Address | None = None
    home: Address = Address("Markt", "Kiel")
    delete_time: Instant | None = None


def definitions(cls):
    return {index.fields: index.definition for index in entity_of(cls).indexes}


def test_what_is_stored_of_an_entity_is_read_from_its_class():
    model = entity_of(Contact)

    assert (model.full_table, model.prefix, model.soft, model.shape) == (
        "crm.contacts",
        "contact",
        True,
        1,
    )
    assert model.names == (
        "name",
        "email",
        "last_name",
        "tags",
        "company",
        "boss",
        "seen",
        "colour",
        "address",
        "home",
    )
    assert [leaf.name for leaf in model.immutable] == ["email"]
    assert model.referred == (Company, "Contact")


@pytest.mark.parametrize(
    ("name", "kind", "expression"),
    [
        ("name", "text", """(doc->>'name') collate "C\""""),
        ("last_name", "text", """(coalesce(doc->>'last_name', 'it''s')) collate "C\""""),
        ("tags", "text", "coalesce(doc->'tags', '[]'::jsonb)"),
        ("seen", "instant", """rpad(rtrim(doc->>'seen', 'Z'), 26, '.000000') collate "C\""""),
        ("colour", "text", """(coalesce(doc->>'colour', 'red')) collate "C\""""),
        ("address.street", "text", """(doc->'address'->>'street') collate "C\""""),
        (
            "address.city",
            "text",
            "(case when jsonb_typeof(doc->'address') = 'object' and not doc->'address' ? 'city' "
            """then 'Lübeck' else doc->'address'->>'city' end) collate "C\"""",
        ),
        (
            "home.city",
            "text",
            "(case when not doc ? 'home' then 'Kiel' when jsonb_typeof(doc->'home') = 'object' "
            """and not doc->'home' ? 'city' then 'Lübeck' else doc->'home'->>'city' end) collate "C\"""",
        ),
        ("id", "uuid", "id"),
        ("delete_time", "instant", "delete_time"),
    ],
)
def test_a_query_asks_for_a_value_by_its_expression(name, kind, expression):
    field = entity_of(Contact).fields[tuple(name.split("."))]

    assert (field.kind, field.expression) == (kind, expression)


def test_numbers_dates_and_ids_have_expressions_of_their_own_type():
    @entity("shop.things")
    class Thing(Entity):
        count: int
        weight: float
        price: Decimal
        sold: bool
        key: UUID
        day: date
        spare: int | None = 7

    expressions = {field.name: field.expression for field in entity_of(Thing).fields.values()}

    assert expressions["count"] == "(doc->>'count')::bigint"
    assert expressions["weight"] == "(doc->>'weight')::float8"
    assert expressions["price"] == "(doc->>'price')::numeric"
    assert expressions["sold"] == "(doc->>'sold')::boolean"
    assert expressions["key"] == "(doc->>'key')::uuid"
    assert expressions["day"] == """(doc->>'day') collate "C\""""
    assert (
        expressions["spare"]
        == "(case when not doc ? 'spare' then '7' else doc->>'spare' end)::bigint"
    )


def test_every_index_begins_with_the_site_and_leaves_out_what_is_deleted():
    found = definitions(Contact)

    assert set(found) == {
        ("name",),
        ("email",),
        ("tags",),
        ("seen",),
        ("address.city",),
        ("home.city",),
        ("last_name", "create_time"),
    }
    assert all(one.endswith(" where delete_time is null") for one in found.values())
    assert all(
        one.startswith(("(site_id, ", "using gin ((jsonb_set('{}'::jsonb, array[site_id], "))
        for one in found.values()
    )


def test_another_definition_of_an_index_has_another_name():
    @entity("crm.contacts")
    class Hard(Entity):
        name: Annotated[Name, Indexed()]

    @entity("crm.contacts")
    class Same(Entity):
        name: Annotated[Name, Indexed()]
        more: str = ""

    (hard,), (same,) = entity_of(Hard).indexes, entity_of(Same).indexes
    soft = next(one for one in entity_of(Contact).indexes if one.fields == ("name",))

    assert hard.name == same.name != soft.name
    assert all(
        len(index.name.encode()) <= 63 for index in (hard, soft, *entity_of(Contact).indexes)
    )


@pytest.mark.parametrize(
    ("name", "prefix"), [("SalesOrder", "sales_order"), ("HTTPLog", "http_log"), ("Thing", "thing")]
)
def test_an_id_begins_with_the_name_of_its_class_in_snake_case(name, prefix):
    cls = entity("shop.things")(
        type(Entity)(name, (Entity,), {"__annotations__": {"a": int}, "__module__": __name__})
    )

    assert entity_of(cls).prefix == prefix


def test_an_id_of_something_else_is_refused():
    model = entity_of(Contact)
    known = model.text_of(UUID(int=5).int)

    assert model.uuid_of(known) == UUID(int=5)
    with pytest.raises(ValueError, match="begins with contact_"):
        model.uuid_of(entity_of(Company).text_of(5))


def test_a_subclass_is_no_entity_before_it_says_its_own_table():
    class Person(Contact):
        pass

    with pytest.raises(TypeError, match='@entity\\("schema.table"\\)'):
        entity_of(Person)


class Omitting(Struct, frozen=True, omit_defaults=True):
    a: int = 0


class Strict(Struct, frozen=True, forbid_unknown_fields=True):
    a: int = 0


class Row(Struct, frozen=True, array_like=True):
    a: int = 0


class Renamed(Struct, frozen=True, rename="camel"):
    big_name: int = 0


class Line(Struct, frozen=True):
    product: Ref[Address]


@entity("billing.payers")
class Payer(Entity):
    name: Name


class Bill(Struct, frozen=True):
    payer: Ref[Payer]


WRONG = [
    ("Crm.contacts", (), {}, "no table"),
    ("contacts", (), {}, "no table"),
    ("pg_catalog.contacts", (), {}, "PostgreSQL's own"),
    ("hanse.contacts", (), {}, "has the schema 'hanse'"),
    ("order.user", (), {}, "has the schema 'order', a word of SQL"),
    ("crm.a; drop table x", (), {}, "no table"),
    ("crm.x", (), {"tags": list[str]}, "use tuple[T, ...]"),
    ("crm.x", (), {"id": str}, "is a field of every entity"),
    ("crm.x", (), {"at": datetime}, "need not have a zone"),
    ("crm.x", (), {"at": tuple[datetime, ...]}, "need not have a zone"),
    ("crm.x", (), {"at": Mapping[str, datetime | None]}, "need not have a zone"),
    ("crm.x", (), {"name": Annotated[str, Indexed()]}, "without a bound that fits an index"),
    ("crm.x", (), {"name": Annotated[str, Length(1, 501), Unique()]}, "without a bound that fits an index"),
    ("crm.x", (Index("name", "title"),), {"name": Annotated[str, Length(1, 400)], "title": Annotated[str, Length(1, 400)]}, "800 characters together"),
    ("crm.x", (), {"name": Annotated[Name, Indexed(), Unique()]}, "Unique is an index already"),
    ("crm.x", (), {"data": Annotated[bytes, Indexed()]}, "sorts no way"),
    ("crm.x", (), {"data": Annotated[Mapping[str, str], Indexed()]}, "sorts no way"),
    ("crm.x", (), {"tags": Annotated[tuple[Name, ...], Unique()]}, "indexed by itself"),
    ("crm.x", (), {"tags": Annotated[tuple[Name, ...], Immutable()]}, "immutable list"),
    ("crm.x", (Index("nope"),), {"name": Name}, "there is no value 'nope'"),
    ("crm.x", (Index("home"),), {"home": Address}, "name a value inside it"),
    ("crm.x", (Index("name", "-name"),), {"name": Name}, "names a field twice"),
    ("crm.x", (Index(),), {"name": Name}, "no field or too many"),
    ("crm.x", (), {"other": Ref[int]}, "which is not stored"),
    ("crm.x", (), {"other": Ref["Elsewhere"]}, "refers to 'Elsewhere' by name"),
    ("crm.x", (), {"others": tuple[Line, ...]}, "which is not stored"),
    ("crm.x", (), {"other": Ref[Payer]}, "refers to billing.payers, of another schema → its service alone knows"),
    ("crm.x", (), {"bills": Mapping[str, tuple[Bill, ...]]}, "of another schema"),
    ("crm.x", (), {"one": Renamed}, "take rename out"),
    ("crm.x", (), {"one": Omitting}, "take omit_defaults out"),
    ("crm.x", (), {"one": tuple[Strict, ...]}, "take forbid_unknown_fields out"),
    ("crm.x", (), {"one": Row | None}, "take array_like out"),
    ("crm.x", (), {"delete_time": Instant | None}, "when it was deleted softly"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("table", "indexes", "fields", "said"),
    WRONG,
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_declaration_is_refused_with_its_remedy(table, indexes, fields, said):
    with pytest.raises(DeclarationError) as caught:
        entity(table, *indexes)(
            type(Entity)("Wrong", (Entity,), {"__annotations__": fields, "__module__": __name__})
        )

    assert any(said in problem and "→" in problem for problem in caught.value.problems), (
        caught.value
    )


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(DeclarationError) as caught:

        @entity("Crm contacts", Index("nope"), prefix="a1")
        class Wrong(Entity):
            id: str
            name: Annotated[str, Indexed()]
            at: datetime
            things: list[int]
            short: Annotated[str, Length(0, 3)] = "too long"

    assert len(caught.value.problems) == 8


def test_what_is_no_entity_is_told_what_to_be():
    with pytest.raises(DeclarationError, match=r"class Plain\(Entity\)"):

        @entity("crm.plain")
        class Plain(Struct, frozen=True):
            name: str


def test_an_entity_can_be_made_without_what_the_database_sets():
    contact = Contact("Ada", "ada@example.com", seen=datetime(2026, 1, 1, tzinfo=UTC))

    assert (contact.id, contact.revision, contact.create_time) == ("", 0, None)
    with pytest.raises(AttributeError):
        contact.name = "Eve"
