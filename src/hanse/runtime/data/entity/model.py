"""What was read of an entity's class: its table, fields, indexes, references."""

from __future__ import annotations

import functools
import inspect
import re
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from hanse.kit.type_id import parse_type_id, type_id, uuid_of_suffix
from hanse.runtime.data.entity.checks import (
    check_declaration,
    check_index,
    check_leaf,
    check_references,
)
from hanse.runtime.data.entity.columns import COLUMNS, DELETE_TIME
from hanse.runtime.data.entity.expression import expression
from hanse.runtime.data.entity.leaf import Leaf, leaves
from hanse.runtime.data.entity.marks import (
    Immutable,
    Index,
    Indexed,
    Retention,
    Searchable,
    Unique,
)
from hanse.runtime.data.entity.personal import (
    PersonalLeaf,
    check_personal,
    is_blind,
    is_sealed,
    path_of,
    personal_leaves,
    retained_leaves,
)
from hanse.runtime.data.entity.references import declared_references
from hanse.runtime.data.entity.table_index import TableIndex, table_index
from hanse.runtime.data.query.fields import Field

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from hanse.runtime.contract.mistakes import Mistakes
    from hanse.runtime.data.query.fields import Path

Deletes: TypeAlias = Literal["hard", "soft"]


class EntityModel:
    """What was read of an entity's class.

    Attributes:
        cls: The class.
        schema: Of its table.
        table: Its name in there.
        prefix: What its ids begin with.
        soft: Whether what is deleted stays, hidden.
        shows_delete_time: Whether its class has a field for when it was deleted.
        fields: What queries may ask for, by path.
        indexes: All of its table but the primary key.
        leaves: The values of its document, in order.
        immutable: Values that never change.
        referred: Classes, or the own name, whose ids its fields hold.
        names: Attributes that are part of its document.
        person: Where the id of the person stands whose data it is; empty if it is nobody's.
        personal: Values that say something of a person.
        sealed: Those of them that are kept sealed, and secrets of nobody.
        secrets: Names of fields that are a `Secret`.
        retention: For how long a row is kept, if not for ever.
        retained: Values that are kept for a while only.
        upcasters: By the shape that each takes a document from, the first is 1.
        shape: The number of the form that documents are written in.
    """

    def __init__(self, cls: type[Any], table: str, prefix: str, deletes: Deletes) -> None:
        self.cls = cls
        self.schema, _, self.table = table.partition(".")
        self.prefix = prefix or snake_case(cls.__name__)
        self._begin = f"{self.prefix}_"
        self.soft = deletes == "soft"
        self.doc = inspect.cleandoc(cls.__dict__.get("__doc__") or "")
        self.upcasters: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
        self.shape = 1
        self.fields: dict[Path, Field] = {}
        self.indexes: tuple[TableIndex, ...] = ()
        self.leaves: tuple[Leaf, ...] = ()
        self.immutable: tuple[Leaf, ...] = ()
        self.referred: tuple[Any, ...] = ()
        self.names: tuple[str, ...] = ()
        self.person: Path = ()
        self.personal: tuple[PersonalLeaf, ...] = ()
        self.sealed: tuple[PersonalLeaf, ...] = ()
        self.secrets: tuple[str, ...] = ()
        self.retention: Retention | None = None
        self.retained: tuple[tuple[Leaf, Retention], ...] = ()
        self.shows_delete_time = False

    @property
    def full_table(self) -> str:
        """As statements name it."""
        return f"{self.schema}.{self.table}"

    @property
    def columns(self) -> frozenset[str]:
        """Names that are no part of the document."""
        return frozenset((*COLUMNS, DELETE_TIME) if self.shows_delete_time else COLUMNS)

    @functools.cached_property
    def noun(self) -> str:
        """What people call one of it: `contact`."""
        return snake_case(self.cls.__name__).replace("_", " ")

    def text_of(self, number: int) -> str:
        """The id that a UUID, as its number, has outside."""
        return type_id(self.prefix, number)

    def uuid_of(self, text: str) -> UUID:
        """The UUID of an id.

        Raises:
            ValueError: It is no id, or one of something else.
        """
        if text.startswith(self._begin):  # most ids are right, and read each a request
            return uuid_of_suffix(text[len(self._begin) :])
        prefix, uuid = parse_type_id(text)
        if prefix != self.prefix:
            raise ValueError(f"the id of a {self.noun} begins with {self.prefix}_")
        return uuid


class Declared(msgspec.Struct, frozen=True):
    """What stands in `@entity(…)` above a class."""

    table: str
    indexes: tuple[Index, ...]
    prefix: str
    deletes: Deletes
    person: str
    retention: Retention | None


def read_entity(cls: type[Any], declared: Declared, mistakes: Mistakes) -> EntityModel:
    """Reads an entity's class, and notes what is wrong with it."""
    model = EntityModel(cls, declared.table, declared.prefix, declared.deletes)
    model.person, model.retention = path_of(declared.person), declared.retention
    if not check_declaration(model, declared.table, mistakes):
        return model
    own = msgspec.structs.fields(cls)
    model.shows_delete_time = any(field.name == DELETE_TIME for field in own)
    model.names = tuple(field.name for field in own if field.name not in model.columns)
    found = tuple(leaves(cls, model.columns))
    for leaf in found:
        check_leaf(leaf, cls.__name__, mistakes)
    before = len(mistakes)
    asked = [
        leaf for leaf in found if leaf.kind is not None and (is_blind(leaf) or not is_sealed(leaf))
    ]
    model.fields = {leaf.path: _field(leaf) for leaf in asked} | _column_fields(model)
    model.leaves = found
    model.immutable = tuple(leaf for leaf in found if leaf.has(Immutable))
    check_references(model, mistakes)
    targets = [reference.target for _, reference in declared_references(cls)]
    model.referred = tuple(dict.fromkeys(targets))
    personal = personal_leaves(found, model.person)
    model.personal = tuple(one for one in personal if one.person)
    model.sealed = tuple(one for one in personal if one.sealed)
    model.secrets = tuple(one.leaf.name for one in personal if one.secret)
    model.retained = retained_leaves(found)
    wanted = [*(index for leaf in found for index in _own_indexes(leaf)), *declared.indexes]
    firsts = {one.fields[0].removeprefix("-") for one in wanted if one.fields}
    check_personal(model, found, firsts, mistakes)
    by_name = {leaf.name: leaf for leaf in found}
    for index in wanted:
        check_index(index, by_name, model, mistakes)
    if len(mistakes) == before:
        model.indexes = tuple({one.name: one for one in (_made(model, i) for i in wanted)}.values())
    return model


def _made(model: EntityModel, index: Index) -> TableIndex:
    return table_index(model.table, index, model.fields, soft=model.soft)


def _own_indexes(leaf: Leaf) -> list[Index]:
    if leaf.has(Unique):
        return [Index(leaf.name, unique=True)]
    return [Index(leaf.name)] if leaf.has(Indexed) or leaf.has(Searchable) else []


def _field(leaf: Leaf) -> Field:
    assert leaf.kind is not None
    return Field(
        path=leaf.path,
        kind=leaf.kind,
        expression=expression(leaf),
        nullable=leaf.nullable,
        many=leaf.many,
        blind=is_blind(leaf),
    )


def _column_fields(model: EntityModel) -> dict[Path, Field]:
    instants = ["create_time", "update_time"] + [DELETE_TIME] * model.shows_delete_time
    columns = [
        Field(path=("id",), kind="uuid", expression="id", column=True, identify=model.uuid_of),
        Field(path=("revision",), kind="integer", expression="revision", column=True),
        *(
            Field(
                path=(name,),
                kind="instant",
                expression=name,
                column=True,
                nullable=name == DELETE_TIME,
            )
            for name in instants
        ),
    ]
    return {field.path: field for field in columns}


def snake_case(name: str) -> str:
    """`SalesOrder` as `sales_order`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
