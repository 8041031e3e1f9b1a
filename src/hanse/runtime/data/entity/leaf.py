"""The values an entity is made of, each by its path, down to the last struct inside."""

from __future__ import annotations

import datetime
import decimal
import enum
import types
import uuid
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, cast, get_args, get_origin

import msgspec

from hanse.runtime.contract.immutable import is_struct, unwrapped
from hanse.runtime.data.entity.marks import Personal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hanse.runtime.data.query.fields import Kind, Path

_KINDS: dict[Any, Kind] = {
    str: "text",
    int: "integer",
    float: "number",
    decimal.Decimal: "decimal",
    bool: "boolean",
    uuid.UUID: "uuid",
    datetime.date: "date",
    datetime.datetime: "instant",
}

ABSENT = msgspec.NODEFAULT


class Leaf(msgspec.Struct, frozen=True, kw_only=True):
    """One value of an entity that has no parts of its own, or a list of such.

    Attributes:
        path: Where it stands, by the names in the document.
        kind: What a query takes it for; None for what no query asks for.
        marks: What its annotation says besides its type.
        nullable: Whether it, or a struct around it, can be null or missing.
        many: Whether it is a list.
        defaults: Its value where a document lacks the first name of the path, where what is
            there lacks the second, and so on; `ABSENT` where it may not be lacking.
        length: Characters it has at most; None for texts without a bound.
        annotation: Its type, as it is written.
    """

    path: Path
    kind: Kind | None
    marks: tuple[Any, ...]
    nullable: bool
    many: bool
    defaults: tuple[Any, ...]
    length: int | None
    annotation: Any = None

    @property
    def name(self) -> str:
        """As people write its path."""
        return ".".join(self.path)

    @property
    def default(self) -> Any:
        """Its value where the struct it is a field of lacks it."""
        return self.defaults[-1]

    def has(self, mark: type) -> bool:
        """Whether its annotation carries a mark."""
        return any(isinstance(one, mark) for one in self.marks)


class Place(msgspec.Struct, frozen=True):
    """Where in the walk through an entity it is."""

    path: Path = ()
    nullable: bool = False
    defaults: tuple[Any, ...] = ()
    around: tuple[Any, ...] = ()


def leaves(struct: Any, skipped: frozenset[str] = frozenset()) -> Iterator[Leaf]:
    """All values of a struct and of the structs inside it, those inside lists and maps left out.

    What is personal is one value, whatever is in it.

    Args:
        struct: The struct's type.
        skipped: Names at the top that are no part of the document.
    """
    for field in msgspec.structs.fields(struct):
        if field.encode_name not in skipped:
            yield from _leaves(field, Place(around=(struct,)))


def _leaves(field: msgspec.structs.FieldInfo, place: Place) -> Iterator[Leaf]:
    path = (*place.path, field.encode_name)
    plain, marks, nullable = split(field.type)
    nullable = nullable or place.nullable
    defaults = (*(_member(one, path[-1]) for one in place.defaults), _default(field))
    if is_struct(plain) and not any(isinstance(one, Personal) for one in marks):
        if plain not in place.around:
            inner = Place(path, nullable, defaults, (*place.around, plain))
            for one in msgspec.structs.fields(plain):
                yield from _leaves(one, inner)
        return
    item = item_of(plain)
    own_marks = marks
    if item is not None:
        plain, own_marks, _ = split(item)
        marks = (*marks, *own_marks)
    yield Leaf(
        path=path,
        kind=kind_of(plain),
        marks=marks,
        nullable=nullable,
        many=item is not None,
        defaults=defaults,
        length=_length(plain, own_marks),
        annotation=field.type,
    )


def _member(default: Any, name: str) -> Any:
    """What stands under a name in a default; null where that is null itself."""
    if isinstance(default, dict):
        return cast("dict[str, Any]", default).get(name)
    return default


def split(annotation: Any) -> tuple[Any, tuple[Any, ...], bool]:
    """A type without `Annotated` and `| None`: what is left, what was said of it, and if null."""
    marks: list[Any] = []
    nullable = False
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *said = get_args(annotation)
            marks += said
            continue
        options = _options(annotation)
        if type(None) in options and len(options) == 2:
            nullable = True
            annotation = next(one for one in options if one is not type(None))
            continue
        bare = unwrapped(annotation)
        if bare is annotation:
            return annotation, tuple(marks), nullable
        annotation = getattr(annotation, "__supertype__", None) or getattr(
            annotation, "__value__", bare
        )


def _options(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else ()


def item_of(annotation: Any) -> Any | None:
    """T of `tuple[T, ...]` and `frozenset[T]`; None for anything else."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is frozenset:
        return arguments[0]
    return arguments[0] if origin is tuple and arguments[1:] == (...,) else None


def kind_of(plain: Any) -> Kind | None:
    """What a query takes values of a type for."""
    if get_origin(plain) is Literal:
        return _kind_of_values(get_args(plain))
    if isinstance(plain, type) and issubclass(plain, enum.Enum):
        return _kind_of_values(tuple(member.value for member in plain))
    return _KINDS.get(plain)


def _kind_of_values(values: tuple[Any, ...]) -> Kind | None:
    kinds: set[Kind | None] = {_KINDS.get(type(value)) for value in values}
    return kinds.pop() if len(kinds) == 1 else None


def _length(plain: Any, marks: tuple[Any, ...]) -> int | None:
    values: tuple[Any, ...] = ()
    if get_origin(plain) is Literal:
        values = get_args(plain)
    elif isinstance(plain, type) and issubclass(plain, enum.Enum):
        values = tuple(member.value for member in plain)
    if values:
        return max(len(str(value)) for value in values)
    if plain is not str:
        return 40  # what a number, a date or a UUID takes as text at most
    bounds = [mark.max_length for mark in marks if isinstance(mark, msgspec.Meta)]
    return min((bound for bound in bounds if bound is not None), default=None)


def _default(field: msgspec.structs.FieldInfo) -> Any:
    """The default as it looks in a document."""
    if field.required:
        return ABSENT
    value = field.default
    if value is msgspec.NODEFAULT:
        value = field.default_factory()
    return msgspec.to_builtins(value, str_keys=True)
