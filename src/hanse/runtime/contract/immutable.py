"""Contract types hold only immutable values, so that neither side sees what the other changes."""

from __future__ import annotations

import datetime
import decimal
import enum
import re
import types
import typing
import uuid
from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from hanse.runtime.config.secret import Secret

if typing.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SCALARS: frozenset[Any] = frozenset({
    str, int, float, bool, bytes, None, type(None), datetime.datetime, datetime.date,
    datetime.time, datetime.timedelta, uuid.UUID, decimal.Decimal, msgspec.UnsetType,
})  # fmt: skip


class FreeJson(msgspec.Struct, frozen=True):
    """Marks `Any` as meant: whoever takes it reads it by rules of its own."""


REMEDIES: dict[Any, str] = {
    list: "use tuple[T, ...]",
    set: "use frozenset[T]",
    dict: "use Mapping[str, T] of collections.abc",
    tuple: "say of what: tuple[T, ...]",
    frozenset: "say of what: frozenset[T]",
    Mapping: "say of what: Mapping[str, T]",
    AsyncIterator: "say of what: AsyncIterator[T]",
    Secret: "it is never answered: take a str, and make a Secret of it inside",
    bytearray: "use bytes",
    memoryview: "use bytes",
    Any: "say which type it is",
    object: "say which type it is",
}


def flaws(annotation: Any, fit: Iterable[Any] = ()) -> Iterator[tuple[str, str]]:
    """What makes a type unfit for a contract, as (what, remedy); nothing when it is fit.

    Args:
        annotation: The type.
        fit: Types that are fit besides.
    """
    yield from _flaws(annotation, set(fit))


def _flaws(annotation: Any, seen: set[Any]) -> Iterator[tuple[str, str]]:
    if any(isinstance(mark, FreeJson) for mark in getattr(annotation, "__metadata__", ())):
        return
    annotation = unwrapped(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in SCALARS or origin is Literal or annotation in seen:
        return
    if origin is frozenset and any(get_origin(one) is Mapping for one in parts(annotation)):
        yield "a set's items hold maps, which are not hashable", "use tuple[T, ...]"
    if origin in (tuple, frozenset, Union, types.UnionType):
        for argument in arguments:
            if argument is not Ellipsis:
                yield from _flaws(argument, seen)
    elif origin is Mapping:
        yield from _map_flaws(arguments, seen)
    elif isinstance(origin or annotation, type):
        yield from _class_flaws(annotation, origin or annotation, seen)
    else:
        yield f"{annotation!r} is no type of a contract", REMEDIES.get(annotation, "use a Struct")


def _map_flaws(arguments: tuple[Any, ...], seen: set[Any]) -> Iterator[tuple[str, str]]:
    key, value = arguments
    if unwrapped(key) is not str:
        yield f"a map's key is {name_of(key)}", "JSON has string keys only: use Mapping[str, T]"
    yield from _flaws(value, seen)


def _class_flaws(annotation: Any, cls: type, seen: set[Any]) -> Iterator[tuple[str, str]]:
    if issubclass(cls, enum.Enum):
        return
    if not issubclass(cls, msgspec.Struct):
        remedy = REMEDIES.get(cls, "use a frozen Struct")
        yield f"{name_of(cls)} can change under its reader or has no fixed shape", remedy
    elif annotation not in seen:
        seen.add(annotation)
        if not cls.__struct_config__.frozen:
            yield f"{name_of(cls)} is not frozen", f"class {cls.__name__}(Struct, frozen=True)"
        for field in msgspec.structs.fields(annotation):
            for what, remedy in _flaws(field.type, seen):
                yield f"{cls.__name__}.{field.name}: {what}", remedy


def unwrapped(annotation: Any) -> Any:
    """The type below `Annotated`, `NewType` and type aliases."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif hasattr(annotation, "__supertype__"):
            annotation = annotation.__supertype__
        elif hasattr(annotation, "__value__"):
            annotation = annotation.__value__
        elif isinstance(annotation, typing.TypeVar):
            annotation = annotation.__bound__ or str
        else:
            return annotation


def parts(*annotations: Any) -> Iterator[Any]:
    """The types and all inside them, as written, each once, without `Annotated` and aliases."""
    waiting, seen = deque(annotations), set[Any]()
    while waiting:
        one = unwrapped(waiting.popleft())
        if one not in seen:
            seen.add(one)
            yield one
            waiting.extendleft(reversed(_inside(one)))


def _inside(annotation: Any) -> tuple[Any, ...]:
    if is_struct(annotation):
        return tuple(field.type for field in msgspec.structs.fields(annotation))
    return () if get_origin(annotation) is Literal else get_args(annotation)


def is_struct(annotation: Any) -> bool:
    """Whether it is a struct, or a generic one with its arguments."""
    plain = get_origin(annotation) or annotation
    return isinstance(plain, type) and issubclass(plain, msgspec.Struct)


def item_of_stream(annotation: Any) -> Any | None:
    """T of `AsyncIterator[T]`; None when the annotation is no stream."""
    return get_args(annotation)[0] if get_origin(annotation) is AsyncIterator else None


def name_of(annotation: Any) -> str:
    return getattr(annotation, "__qualname__", None) or repr(annotation)


def type_name(annotation: Any) -> str:
    """The published name of a type: its class's, and of a generic one with its arguments'.

    No module is part of it, so that moving a class breaks nobody, and no `repr` of `typing`, which
    says the same type differently in another Python.
    """
    return re.sub(r"\W+", "_", "_".join(_words(annotation))).strip("_")


def _words(annotation: Any) -> Iterable[str]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _words(arguments[0])
    inside = [word for one in arguments if one is not Ellipsis for word in _words(one)]
    if origin in (Union, types.UnionType):
        return inside
    plain = "None" if annotation is type(None) else origin or annotation
    return [getattr(plain, "__name__", str(plain)), *inside]
