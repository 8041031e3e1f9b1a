"""Where something of persons is kept, by which rules it goes: noted by hosts, for all who ask.

A project's services may run in many hosts, and tables may outlive the services that made them. So
every host notes what its own know in the database, and whoever erases asks nobody else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from hanse.runtime.data.entity.leaf import ABSENT
from hanse.runtime.data.entity.marks import Keep
from hanse.runtime.data.personal.tables import make_tables

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database
    from hanse.runtime.data.entity.model import EntityModel
    from hanse.runtime.data.entity.personal import PersonalLeaf

_NOTE = """
insert into hanse.person_place as p (relation, said) values ($1, $2)
on conflict (relation) do update set said = excluded.said where p.said <> excluded.said
"""
_READ = "select said from hanse.person_place order by relation"


class Whose(msgspec.Struct, frozen=True):
    """How rows of a person are found.

    Attributes:
        path: Where the person's id stands: `id`, or a path in the document.
        expression: The SQL that an index is of; empty for the id.
        blind: Whether that is of a token.
        unsealed: Whether rows are meant whose text stands in clear, as it was stored before it
            became personal.
    """

    path: str
    expression: str = ""
    blind: bool = False
    unsealed: bool = False


class Value(msgspec.Struct, frozen=True):
    """What becomes of a value.

    Attributes:
        path: Where it stands in the document.
        whose: The path at which its person stands.
        erase: "row" deletes the row with it, "field" puts it back to its default, "keep" keeps it.
        days: For so long.
        reason: And why.
        required: Whether it has no default.
        secret: Whether an export says no more than that it is there.
    """

    path: tuple[str, ...]
    whose: str
    erase: Literal["row", "field", "keep"]
    days: int = 0
    reason: str = ""
    required: bool = False
    secret: bool = False


class Rows(msgspec.Struct, frozen=True, tag="rows"):
    """A collection.

    Attributes:
        relation: Its table, `schema.table`.
        prefix: What its ids begin with.
        soft: Whether what is deleted may still be there.
        whose: How rows of a person are found; several where its values are of several persons.
        values: What is personal.
    """

    relation: str
    prefix: str
    soft: bool
    whose: tuple[Whose, ...]
    values: tuple[Value, ...]

    @property
    def ways(self) -> tuple[Whose, ...]:
        """How all rows of a person are found, those too that nothing has sealed yet."""
        blind = (one for one in self.whose if one.blind)
        return (*self.whose, *(replace(one, unsealed=True) for one in blind))

    def of(self, whose: Whose) -> tuple[Value, ...]:
        """The values whose person stands there."""
        return tuple(one for one in self.values if one.whose == whose.path)


class Statements(msgspec.Struct, frozen=True, tag="statements"):
    """A store: statements whose `$1` is a site, and `$2` a person.

    Attributes:
        relation: Its name, `schema:Class`.
        exports: Give rows, by name.
        erases: Change rows, by name.
        rows: How many one may give.
    """

    relation: str
    exports: dict[str, str] = {}
    erases: dict[str, str] = {}
    rows: int = 1000


class Journals(msgspec.Struct, frozen=True, tag="journals"):
    """What processes keep: found by whose it is, which is noted beside it.

    Attributes:
        relation: What their sealed values are bound to.
        count: Gives how many end with a person; `$1` is the site, `$2` the names of the person.
        instances: Gives those in which something is theirs, after the id `$3`, in order.
        values: Gives what is kept of the one of the id `$1`: a name, JSON, and where it was sealed.
        erase: Ends some of those that end with them at `$3`, and counts that for the name `$4`.
    """

    relation: str
    count: str
    instances: str
    values: str
    erase: str


Place: TypeAlias = Rows | Statements | Journals

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(Place).decode


def rows_of(model: EntityModel) -> Rows:
    """What an entity says of persons."""
    persons = dict.fromkeys(".".join(leaf.person) for leaf in model.personal)
    return Rows(
        relation=model.full_table,
        prefix=model.prefix,
        soft=model.soft,
        whose=tuple(_whose(model, path) for path in persons),
        values=tuple(map(_value, model.personal)),
    )


async def note(database: Database, place: Place) -> None:
    """Notes a place; noted once, it stays, also when its class is gone.

    Raises:
        HanseError: The database is away.
    """
    await make_tables(database)
    await database.execute(_NOTE, place.relation, _encode(place))


async def places(database: Database) -> list[Place]:
    """All that hosts ever noted.

    Raises:
        HanseError: The database is away.
    """
    return [_decode(row["said"]) for row in await database.fetch(_READ)]


def _whose(model: EntityModel, path: str) -> Whose:
    if path == "id":
        return Whose(path)
    field = model.fields[tuple(path.split("."))]
    return Whose(path, field.sql, field.blind)


def _value(leaf: PersonalLeaf) -> Value:
    whose, required = ".".join(leaf.person), leaf.leaf.default is ABSENT
    if isinstance(leaf.rule, Keep):
        days, reason = leaf.rule.days, leaf.rule.reason
        return Value(leaf.path, whose, "keep", days, reason, required, leaf.secret)
    return Value(leaf.path, whose, leaf.rule, required=required, secret=leaf.secret)
