"""An index of an entity's table, as PostgreSQL makes it and as queries know it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from hanse.runtime.data.query.fields import IndexShape, key_of

if TYPE_CHECKING:
    from hanse.runtime.data.entity.marks import Index
    from hanse.runtime.data.query.fields import Field, Path

NAME_LENGTH_MAX = 63
"""PostgreSQL cuts longer names off."""


class TableIndex(msgspec.Struct, frozen=True, kw_only=True):
    """An index as it is declared.

    Attributes:
        shape: As queries know it.
        definition: What follows the table in `create index … on …`.
    """

    shape: IndexShape
    definition: str

    @property
    def name(self) -> str:
        """Its name. Another definition has another, so that it is never taken for this one."""
        return self.shape.name

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields it is of."""
        return tuple(".".join(path) for path, _ in self.shape.parts)

    def statement(self, table: str, *, concurrently: bool) -> str:
        """The command that makes it; concurrently it keeps no writer waiting."""
        unique = "unique " if self.shape.unique else ""
        how = "concurrently " if concurrently else ""
        return f"create {unique}index {how}if not exists {self.name} on {table} {self.definition}"


def table_index(table: str, index: Index, fields: dict[Path, Field], *, soft: bool) -> TableIndex:
    """An index as it was declared, with a name of its own."""
    parts = tuple(part_of(text) for text in index.fields)
    many = any(fields[path].many for path, _ in parts)
    shape = IndexShape(name="", parts=parts, unique=index.unique, many=many)
    method = "using gin " if many else ""
    hidden = " where delete_time is null" if soft else ""
    definition = f"{method}({key_of(shape, fields)}){hidden}"
    mark = hashlib.sha256(f"{index.unique} {definition}".encode()).hexdigest()[:8]
    words = "_".join([table, *("_".join(path) for path, _ in parts)])
    name = f"{words[: NAME_LENGTH_MAX - len(mark) - 1]}_{mark}"
    named = IndexShape(name=name, parts=parts, unique=index.unique, many=many)
    return TableIndex(shape=named, definition=definition)


def part_of(text: str) -> tuple[Path, bool]:
    """`-address.city` as its path and whether it descends."""
    return tuple(text.removeprefix("-").split(".")), text.startswith("-")
