"""`Entity` and `@entity`: the class of something that is stored, read once when it is made."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, ClassVar, TypeVar, dataclass_transform

import msgspec

from hanse.runtime.contract.mistakes import Mistakes
from hanse.runtime.data.entity.model import Declared, Deletes, EntityModel, read_entity

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.runtime.data.entity.marks import Index, Retention

E = TypeVar("E", bound="Entity")


@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))
class Frozen(msgspec.Struct, frozen=True):
    """Tells type checkers that who subclasses an entity need not say that it is frozen."""


class Entity(Frozen, frozen=True, kw_only=True):
    """Something that is stored by itself and has an id: subclass it, and decorate with `@entity`.

    All four are output only: whoever creates one leaves them out. In what was read they are set,
    and a write that brings a revision fails when somebody else wrote meanwhile. One that deletes
    softly may declare `delete_time: Instant | None = None` and is told when it was deleted.

    Attributes:
        id: A TypeID: a word for its kind, and a UUID that sorts by time.
        revision: Counts its writes, from 1.
        create_time: When it was created.
        update_time: When it was written last.
    """

    __entity__: ClassVar[EntityModel]

    id: str = ""
    revision: int = 0
    create_time: datetime.datetime | None = None
    update_time: datetime.datetime | None = None


def entity(
    table: str,
    *indexes: Index,
    prefix: str = "",
    deletes: Deletes = "hard",
    person: str = "",
    retention: Retention | None = None,
) -> Callable[[type[E]], type[E]]:
    """Says where entities of a class are stored, and which queries of them are quick.

        @entity("crm.contacts", Index("last_name", "-create_time"), deletes="soft")
        class Contact(Entity):
            name: Annotated[str, Length(1, 100), Indexed()]

    Args:
        table: Schema and table, `crm.contacts`; one class has one, and one table has one class.
        indexes: Those of several fields; one of a single field stands at the field.
        prefix: What its ids begin with; by default the name of the class in snake_case.
        deletes: "soft" keeps what is deleted, hidden, until it is restored.
        person: Whose data it is: "id" if it is a person itself, else where the person's id stands;
            an e-mail address may be one.
        retention: For how long a row is kept.

    Raises:
        DeclarationError: When the class is made, with every mistake in it.
    """

    def declare(cls: type[E]) -> type[E]:
        with Mistakes(f"Entity {cls.__name__}").collecting() as mistakes:
            declared = Declared(table, indexes, prefix, deletes, person, retention)
            cls.__entity__ = read_entity(cls, declared, mistakes)
        return cls

    return declare


def entity_of(cls: type[Entity]) -> EntityModel:
    """What was read of an entity's class.

    Raises:
        TypeError: It is not decorated with `@entity`; a subclass of one that is has to be too.
    """
    model = vars(cls).get("__entity__")
    if model is None:
        raise TypeError(f'{cls.__name__} has no table; put @entity("schema.table") above it.')
    return model
