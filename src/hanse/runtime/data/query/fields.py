"""What a collection says of itself: its fields as SQL, and its indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

Kind: TypeAlias = Literal[
    "text", "integer", "number", "decimal", "boolean", "uuid", "date", "instant"
]
Path: TypeAlias = tuple[str, ...]


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """Something a query can ask for.

    Attributes:
        path: Where it stands in the entity, outermost name first.
        kind: What its values are; of a list, what its items are.
        expression: Its SQL, the very text its index was made of; of a list the jsonb itself,
            like `doc->'tags'`. It is put into statements as it is: never of a request.
        nullable: Whether the expression is NULL for some row, those of older releases included.
        many: Whether it is a list of scalars.
        column: Whether the expression is a column of the table; an instant is a `timestamptz`
            then, and sortable text otherwise.
        identify: Makes the uuid of an id as people write it, for the kind `uuid`; plain uuids
            without it. A ValueError says why a text is no such id.
        blind: Whether the expression is of a token that stands for the value, so that only what
            equals it can be found; nothing and the empty text stand for themselves.
    """

    path: Path
    kind: Kind
    expression: str
    nullable: bool = False
    many: bool = False
    column: bool = False
    identify: Callable[[str], UUID] | None = None
    blind: bool = False

    @property
    def name(self) -> str:
        """As queries write it, like `address.city`."""
        return ".".join(self.path)

    @property
    def sql(self) -> str:
        """The expression as a part of a greater one."""
        return self.expression if self.column else f"({self.expression})"


class IndexShape(msgspec.Struct, frozen=True, kw_only=True):
    """An index of the table, beside the primary key.

    Attributes:
        name: As in the database.
        parts: What it is of, after the site: path and whether it descends. The id follows, in
            the direction of the last part, unless the index is unique.
        unique: Whether no two rows of a site share all parts.
        many: Whether it is of the items of one list.
    """

    name: str
    parts: tuple[tuple[Path, bool], ...]
    unique: bool = False
    many: bool = False


def key_of(index: IndexShape, fields: dict[Path, Field]) -> str:
    """What belongs between the brackets of `create index … (…)`, so that queries find it.

    Args:
        index: The index. One of a list is made `using gin`.
        fields: All fields of the collection by path.
    """
    if index.many:
        ((path, _),) = index.parts
        return f"({items_of(fields[path])}) jsonb_path_ops"
    ordered = [in_order(fields[path].sql, descending=down) for path, down in index.parts]
    last = [] if index.unique else [in_order("id", descending=index.parts[-1][1])]
    return ", ".join(["site_id", *ordered, *last])


def in_order(sql: str, *, descending: bool) -> str:
    """An expression and its direction: what is absent comes first, and descending last.

    The id is never absent, and is written as the primary key has it, which could not serve else.
    """
    if sql == "id":
        return "id desc" if descending else "id"
    return f"{sql} desc nulls last" if descending else f"{sql} asc nulls first"


def items_of(field: Field) -> str:
    """A list's items under their site, so that in one GIN index no site meets another's."""
    return f"jsonb_set('{{}}'::jsonb, array[site_id], {field.expression})"
