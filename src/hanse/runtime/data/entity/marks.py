"""What an annotation says of a field: indexed, unique, personal, the id of something else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, TypeAlias, TypeVar

import msgspec

from hanse.kit.type_id import TYPE_ID_LENGTH_MAX

T = TypeVar("T")


class Indexed(msgspec.Struct, frozen=True):
    """Queries may filter and sort by this field; of a list, by its items."""


class Unique(msgspec.Struct, frozen=True):
    """No two of a site share this field's value; whoever comes second gets `AlreadyExists`."""


class Immutable(msgspec.Struct, frozen=True):
    """Set when it is created, and never changed."""


class Keep(msgspec.Struct, frozen=True):
    """A personal field outlives the erasure of its person: `Keep(days=3650, reason="tax law")`.

    Attributes:
        days: For so long after the erasure.
        reason: Why it may, for whoever asks to be erased.
    """

    days: int
    reason: str


class Personal(msgspec.Struct, frozen=True):
    """This field says something of a person: it is exported and erased with them, and kept sealed.

        name: Annotated[str, Length(1, 100), Personal(erase="row")]

    Of a struct, list or map it is said as a whole. Sealed it lies nowhere in clear, and no query
    asks for it, but for a text that is `Searchable()`.

    Attributes:
        erase: What becomes of it when its person is erased: "row" deletes the row it is in, "field"
            puts it back to its default, `Keep(…)` keeps it for a while.
        of: Where the person's id stands, if not where the entity's `person` says.
        sealed: Whether it is kept sealed. In clear it can be sorted by, and is remembered by
            backups until they expire.
    """

    erase: Literal["row", "field"] | Keep | None = None
    of: str = ""
    sealed: bool = True


class Searchable(msgspec.Struct, frozen=True):
    """A sealed text is found by what equals it; `Unique()` has it be so as well."""


class Retention(msgspec.Struct, frozen=True):
    """For how long something is kept: at a field it goes back to its default then.

        @entity("crm.visits", retention=Retention(days=90))

    Attributes:
        days: So many.
        since: The instant they are counted from, like `create_time` or a field.
    """

    days: int
    since: str = "create_time"


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
