"""Secrets of an entity in its resource: callers write them, and no answer ever has one."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Annotated, Any, cast

import msgspec
from msgspec import Meta

from hanse.runtime.config.secret import Secret
from hanse.runtime.data.collection.outcome import Batch, Outcome, Outcomes, Page
from hanse.runtime.data.entity.leaf import split

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hanse.runtime.data.entity.entity import Entity

_TEXT: Any = Annotated[str, Meta(min_length=1)]


@functools.cache
def shown_type(entity: type[Entity]) -> type[msgspec.Struct]:
    """An entity as it is answered: itself, or where it has secrets a struct without them."""
    secrets = entity.__entity__.secrets
    fields = [one for one in msgspec.structs.fields(entity) if one.name not in secrets]
    return _like(entity, entity.__name__, fields) if secrets else entity


@functools.cache
def written_type(entity: type[Entity]) -> type[msgspec.Struct]:
    """An entity as callers write it: itself, or a struct in which what is secret is a text."""
    if not entity.__entity__.secrets:
        return entity
    return _like(entity, f"{entity.__name__}Input", msgspec.structs.fields(entity))


def guarded(
    function: Callable[..., Awaitable[Any]], entity: type[Entity]
) -> Callable[..., Awaitable[Any]]:
    """A method that is given what callers wrote, and answers what they may see."""
    if not entity.__entity__.secrets:
        return function

    async def method(*args: Any, **kwargs: Any) -> Any:
        taken = (_taken(value, entity) for value in args)
        named = {name: _taken(value, entity) for name, value in kwargs.items()}
        return _shown(await function(*taken, **named), entity)

    own: Any = method
    for name in ("__name__", "__qualname__", "__module__", "__doc__", "__annotations__"):
        setattr(own, name, getattr(function, name))
    own.__signature__ = inspect.signature(function)
    return own


def _taken(value: Any, entity: type[Entity]) -> Any:
    """What a caller wrote as an entity, or many of them."""
    if isinstance(value, written_type(entity)):
        given: dict[str, Any] = {name: getattr(value, name) for name in entity.__struct_fields__}
        secrets: dict[str, Any] = {
            name: given[name] and Secret(given[name]) for name in entity.__entity__.secrets
        }
        return entity(**(given | secrets))
    if isinstance(value, tuple):
        return tuple(_taken(one, entity) for one in cast("tuple[Any, ...]", value))
    return value


def _shown(value: Any, entity: type[Entity]) -> Any:
    """An answer without secrets."""
    if isinstance(value, entity):
        shown = shown_type(entity)
        return shown(**{name: getattr(value, name) for name in shown.__struct_fields__})
    if isinstance(value, (Page, Batch)):
        items = tuple(_shown(one, entity) for one in cast("Page[Any]", value).items)
        return msgspec.structs.replace(cast("Page[Any]", value), items=items)
    if isinstance(value, Outcomes):
        results = tuple(_shown(one, entity) for one in cast("Outcomes[Any]", value).results)
        return msgspec.structs.replace(cast("Outcomes[Any]", value), results=results)
    if isinstance(value, Outcome):
        item = _shown(cast("Outcome[Any]", value).item, entity)
        return msgspec.structs.replace(cast("Outcome[Any]", value), item=item)
    return value


def _like(entity: type[Entity], name: str, fields: Any) -> type[msgspec.Struct]:
    return msgspec.defstruct(
        name,
        [(one.name, _written(one.type), _default(one)) for one in fields],
        frozen=True,
        kw_only=True,
        module=entity.__module__,
        namespace={"__doc__": entity.__entity__.doc},
    )


def _written(annotation: Any) -> Any:
    """A field's type; of a secret a text that is written only."""
    plain, marks, nullable = split(annotation)
    if plain is not Secret:
        return annotation
    said: dict[str, Any] = {"writeOnly": True}
    for mark in marks:
        said |= (mark.extra_json_schema or {}) if isinstance(mark, Meta) else {}
    text: Any = _TEXT
    return Annotated[(text | None if nullable else text), Meta(extra_json_schema=said)]


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return msgspec.field(default_factory=field.default_factory)
    return field.default
