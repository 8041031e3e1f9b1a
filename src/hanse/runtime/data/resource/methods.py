"""Makes the methods of one resource out of those that all share."""

from __future__ import annotations

import inspect
import re
import types
import typing
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeVar, get_args, get_origin

import msgspec

from hanse.runtime.contract.declaration import DECLARATION, rpc
from hanse.runtime.contract.file import File
from hanse.runtime.data.collection.conflict import Duplicate, RevisionConflict
from hanse.runtime.data.collection.outcome import Batch, Failure, Outcome, Outcomes, Page, Parts
from hanse.runtime.data.entity.changes import changes_type
from hanse.runtime.data.entity.part import part_type
from hanse.runtime.data.entity.references import accepted_files
from hanse.runtime.data.files.failures import FileRefused, FileTooLarge
from hanse.runtime.data.files.files import Files
from hanse.runtime.data.query.refusal import QueryNotServed
from hanse.runtime.data.resource.secrets import guarded, shown_type, written_type

if TYPE_CHECKING:
    from hanse.runtime.contract.declaration import MethodLimits
    from hanse.runtime.contract.mistakes import Mistakes
    from hanse.runtime.data.entity.model import EntityModel
    from hanse.runtime.errors import HanseError
    from hanse.runtime.identity.permission import Rule

MANY_TIMEOUT = 60.0
MANY_BODY = 16 * 1024 * 1024
"""Bytes of a request that writes many."""

_ITEM = re.compile(r"(?<!`)\bitem\b(?!`)")


class Access(NamedTuple):
    """What a resource's class was told.

    Attributes:
        read: Who may call what reads.
        write: Who may call what writes.
        version: In its address.
        path: The last part of its address; empty for the table's name.
        errors: What its writing methods may end with besides those of all resources.
    """

    read: Rule | None
    write: Rule | None
    version: str
    path: str
    errors: tuple[type[HanseError], ...] = ()


class _Kind(NamedTuple):
    """How one of the methods is declared.

    Attributes:
        verb: Of its route.
        tail: What follows the resource's path.
        writes: Whether it needs the right to write.
        body: The argument that is its body.
        errors: Those of its own.
        idempotent: Whether a repeat does no harm, if its verb does not say so.
        many: Whether it writes many at once.
        files: Whether it is of entities with files alone.
    """

    verb: str
    tail: str = ""
    writes: bool = False
    body: str = ""
    errors: tuple[type[HanseError], ...] = ()
    idempotent: bool | None = None
    many: bool = False
    files: bool = False


_WRITTEN = (RevisionConflict, Duplicate)
_KINDS = {
    "get": _Kind("GET", "/{id}"),
    "list": _Kind("GET", errors=(QueryNotServed,)),
    "query": _Kind("POST", ":query", errors=(QueryNotServed,), idempotent=True),
    "select": _Kind("POST", ":select", errors=(QueryNotServed,), idempotent=True),
    "count": _Kind("POST", ":count", errors=(QueryNotServed,), idempotent=True),
    "batch_get": _Kind("POST", ":batchGet", idempotent=True),
    "create": _Kind("POST", writes=True, body="item", errors=(Duplicate,)),
    "update": _Kind("PATCH", "/{id}", writes=True, body="item", errors=_WRITTEN),
    "replace": _Kind("PUT", "/{id}", writes=True, body="item", errors=_WRITTEN, idempotent=False),
    "delete": _Kind("DELETE", "/{id}", writes=True, errors=(RevisionConflict,)),
    "restore": _Kind("POST", "/{id}:restore", writes=True, errors=_WRITTEN),
    "bulk_create": _Kind("POST", ":bulkCreate", writes=True, many=True),
    "bulk_update": _Kind("POST", ":bulkUpdate", writes=True, many=True),
    "bulk_delete": _Kind("POST", ":bulkDelete", writes=True, many=True),
    "upload": _Kind(
        "POST",
        ":upload",
        writes=True,
        body="file",
        errors=(FileTooLarge, FileRefused),
        idempotent=True,
        files=True,
    ),
    "url": _Kind("GET", "/{id}:url", files=True),
}


def entity_in(cls: type, resource: type, mistakes: Mistakes) -> Any | None:
    """The class in `Resource[…]`, its parents' included; None after the mistake was noted."""
    for parent in cls.__mro__:
        for one in vars(parent).get("__orig_bases__", ()):
            if get_origin(one) is resource and not isinstance(get_args(one)[0], TypeVar):
                entity = get_args(one)[0]
                if "__entity__" in vars(entity):
                    return entity
                remedy = '@entity("schema.table") above it'
                mistakes.add(cls.__name__, f"{entity.__name__} is not stored", remedy)
                return None
    mistakes.add(cls.__name__, "says not of what", f"class {cls.__name__}(Resource[Contact], …)")
    return None


def add_methods(cls: type, resource: type, entity: Any, access: Access, mistakes: Mistakes) -> None:
    """Gives a class its constructor, and the methods that its developer did not declare."""
    model: EntityModel = entity.__entity__
    if access.read is None or access.write is None:
        remedy = "say who may call: allow=…, or read=… and write=…"
        mistakes.add(cls.__name__, "says not who may call it", remedy)
        return
    known = _Types(entity)
    path = f"/{model.schema}/{access.version}/{access.path or model.table}"
    below = cls.__mro__[: cls.__mro__.index(resource)]
    for name, kind in _KINDS.items():
        written = next((vars(one)[name] for one in below if name in vars(one)), None)
        if hasattr(written, DECLARATION) or not known.has(name, kind):
            continue
        function = guarded(known.copied(written or getattr(resource, name)), entity)
        setattr(cls, name, _declared(function, f"{kind.verb} {path}{kind.tail}", kind, access))
    if "__init__" not in vars(cls):
        cls.__init__ = known.constructor(resource.__init__)
    elif known.accepts is not None and Files not in _asked(cls.__init__):
        remedy = "take files: Files there, and give them on: super().__init__(items, files)"
        mistakes.add(f"{cls.__name__}.__init__", "takes no Files, and items have some", remedy)


def _asked(constructor: Any) -> list[Any]:
    """The types of its arguments, as far as they can be read while its module is made."""
    try:
        return [*typing.get_type_hints(constructor).values()]
    except NameError:
        return [Files]  # its host tells what is wrong with it


def _declared(function: Any, route: str, kind: _Kind, access: Access) -> Any:
    limits: MethodLimits = {}
    if kind.many:
        limits = {"timeout": MANY_TIMEOUT, "max_body": MANY_BODY}
    declare = rpc(
        route,
        allow=access.write if kind.writes else access.read,
        errors=(*kind.errors, *access.errors) if kind.writes else kind.errors,
        idempotent=kind.idempotent,
        body=kind.body,
        **limits,
    )
    return declare(function)


class _Types:
    """The types of one entity's methods, in the place of those that stand for any."""

    def __init__(self, entity: Any) -> None:
        self._entity = entity
        self._model: EntityModel = entity.__entity__
        self.accepts = accepted_files(entity)
        name, shown = entity.__name__, shown_type(entity)
        self._shown, self._written = shown, written_type(entity)
        outcome = _named(
            f"{name}Outcome", Outcome, item=(shown | None, None), error=(Failure | None, None)
        )
        self._answers: dict[Any, Any] = {
            Page: _named(f"{name}Page", Page, items=(tuple[shown, ...],), next_cursor=(str, "")),
            Batch: _named(
                f"{name}Batch", Batch, items=(tuple[shown, ...],), missing=(tuple[str, ...], ())
            ),
            Parts: _named(
                f"{name}Parts",
                Parts,
                items=(tuple[part_type(entity), ...],),
                next_cursor=(str, ""),
            ),
            Outcomes: _named(f"{name}Outcomes", Outcomes, results=(tuple[outcome, ...],)),
        }
        self._answers[Page].__proven_as__ = (Page, shown)

    def has(self, name: str, kind: _Kind) -> bool:
        """Whether a method of all means anything for this entity."""
        return self._model.soft if name == "restore" else self.accepts is not None or not kind.files

    def constructor(self, template: Any) -> Any:
        """What its services are made by if they say nothing else: with files where it has some."""
        function = self.copied(template)
        if self.accepts is not None:
            function.__defaults__ = None
            function.__annotations__["files"] = Files
        return function

    def copied(self, template: Any) -> Any:
        """A function like another, of this entity's types."""
        function = types.FunctionType(
            template.__code__,
            template.__globals__,
            template.__name__,
            template.__defaults__,
            template.__closure__,
        )
        function.__kwdefaults__ = template.__kwdefaults__
        function.__qualname__ = template.__qualname__
        function.__module__ = self._entity.__module__
        hints = typing.get_type_hints(template, include_extras=True)
        taken = self._entity if template.__name__ == "__init__" else self._written
        function.__annotations__ = {
            name: self._of(one, self._shown if name == "return" else taken)
            for name, one in hints.items()
        }
        function.__doc__ = _ITEM.sub(self._model.noun, template.__doc__ or "") or None
        if "show_deleted" in hints and not self._model.soft:
            signature = inspect.signature(function)
            kept = [one for one in signature.parameters.values() if one.name != "show_deleted"]
            vars(function)["__signature__"] = signature.replace(parameters=kept)
        return function

    def _of(self, annotation: Any, item: Any) -> Any:
        """A type with another one in the place of the entity's."""
        origin, arguments = get_origin(annotation), get_args(annotation)
        if isinstance(annotation, TypeVar) or annotation is self._entity:
            return item
        if origin is Annotated and "changes" in annotation.__metadata__:
            return changes_type(self._written)
        if origin is Annotated and "upload" in annotation.__metadata__:
            return Annotated[File, self.accepts]
        if origin in self._answers:
            return self._answers[origin]
        if origin is tuple or any(isinstance(one, TypeVar) for one in arguments):
            plain: Any = origin
            return plain[tuple(self._of(one, item) for one in arguments)]
        return annotation


def _named(name: str, like: Any, **fields: tuple[Any, ...]) -> type[msgspec.Struct]:
    """An answer under a name of its own, so that it is called well where it is published."""
    own = [(field, *said) for field, said in fields.items()]
    doc = inspect.cleandoc(like.__doc__).partition("\n")[0]
    return msgspec.defstruct(name, own, bases=(like,), frozen=True, namespace={"__doc__": doc})
