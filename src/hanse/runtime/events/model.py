"""What was read of an event's class: its name, what orders it, what of it is sealed."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from hanse.runtime.data.entity.leaf import Leaf, leaves
from hanse.runtime.data.entity.personal import PersonalLeaf, path_of, personal_leaves
from hanse.runtime.events.checks import check_class, check_fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.runtime.contract.mistakes import Mistakes

_encode = msgspec.json.Encoder().encode


class Declared(msgspec.Struct, frozen=True):
    """What stands in `@event(…)` above a class."""

    package: str
    key: str
    person: str


class EventModel:
    """What was read of an event's class.

    Attributes:
        cls: The class.
        package: `hiring.v1`.
        name: `JobPublished`.
        full_name: `hiring.v1.JobPublished`, its type on the wire.
        doc: What its class says of it.
        key: Where the value stands that orders it; empty where all of a site is one order.
        person: Where the id of the person stands whose data it is; empty if it is nobody's.
        leaves: Its values, in order.
        personal: Values that say something of a person.
        sealed: The same: all of them leave sealed.
        shape: Of its documents there is one form.
    """

    shape = 1

    def __init__(self, cls: type[Any], declared: Declared) -> None:
        self.cls = cls
        self.package = declared.package
        self.name = cls.__name__
        self.full_name = f"{declared.package}.{cls.__name__}"
        self.doc = inspect.cleandoc(cls.__dict__.get("__doc__") or "")
        self.key = path_of(declared.key)
        self.person = path_of(declared.person)
        self.leaves: tuple[Leaf, ...] = ()
        self.personal: tuple[PersonalLeaf, ...] = ()
        self.sealed: tuple[PersonalLeaf, ...] = ()

    @property
    def full_table(self) -> str:
        """What its sealed values are bound to, beside the event's id."""
        return self.full_name

    def text_of(self, number: int) -> str:
        """The id that a UUID, as its number, has outside."""
        return str(UUID(int=number))

    def key_of(self, event: Any) -> str:
        """The value that orders an event, as text."""
        if not self.key:
            return ""
        for step in self.key:
            event = getattr(event, step)
        return str(msgspec.to_builtins(event))

    @functools.cached_property
    def read(self) -> Callable[[Any], Any]:
        """Reads an event's JSON; msgspec's errors."""
        return msgspec.json.Decoder(self.cls).decode

    def write(self, event: Any) -> bytes:
        """An event's JSON; TypeError, ValueError and the like for what has none."""
        return _encode(event)


def read_event(cls: type[Any], declared: Declared, mistakes: Mistakes) -> EventModel:
    """Reads an event's class, and notes what is wrong with it."""
    model = EventModel(cls, declared)
    if not check_class(model, mistakes):
        return model
    model.leaves = tuple(leaves(cls))
    found = personal_leaves(model.leaves, model.person)
    persons = {one.person for one in found}
    # Of a person that is named by what is sealed the key is found by a token, as in a collection.
    model.personal = model.sealed = tuple(
        replace(one, searchable=one.path in persons) for one in found
    )
    check_fields(model, mistakes)
    return model
