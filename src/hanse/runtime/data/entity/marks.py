"""What an annotation says of a field: indexed, unique, immutable, the id of something else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeAlias, TypeVar

import msgspec

from hanse.kit.type_id import TYPE_ID_LENGTH_MAX

T = TypeVar("T")


class Indexed(msgspec.Struct, frozen=True):
    """Queries may filter and sort by this field; of a list, by its items."""


class Unique(msgspec.Struct, frozen=True):
    """No two of a site share this field's value; whoever comes second gets `AlreadyExists`."""


class Immutable(msgspec.Struct, frozen=True):
    """Set when it is created, and never changed."""


class Index:
    """An index of several fields, for queries that filter by the first and sort by the next.

        @entity("crm.contacts", Index("last_name", "-create_time"))

    Args:
        fields: Their names, inner ones as `address.city`; those with `-` in front descend.
        unique: Whether no two of a site share them all.
    """

    __slots__ = ("fields", "unique")

    def __init__(self, *fields: str, unique: bool = False) -> None:
        self.fields = fields
        self.unique = unique


class Reference(msgspec.Struct, frozen=True):
    """What stands behind `Ref[…]`: whose id it is, the class or in its own body its name."""

    target: Any


if TYPE_CHECKING:

    class _IdOf(str, Generic[T]):
        __slots__ = ()

    Ref: TypeAlias = str | _IdOf[T]
else:

    class Ref:
        """The id of another entity, a text: `company: Ref[Company]`.

        When it is written the other has to be there, if both are in one schema. An entity that
        refers to its own kind names it: `parent: Ref["Category"] | None = None`.
        """

        def __class_getitem__(cls, target: Any) -> Any:
            return Annotated[str, msgspec.Meta(max_length=TYPE_ID_LENGTH_MAX), Reference(target)]
