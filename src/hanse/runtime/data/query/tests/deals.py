"""A collection as tests query it: every kind of field, odd names, and indexes of all sorts."""

from __future__ import annotations

import uuid

from hanse.runtime.data.query.fields import Field, IndexShape, Kind, key_of
from hanse.runtime.data.query.planner import Planner
from hanse.runtime.data.query.statement import Source

CASTS = {
    "integer": "bigint",
    "number": "float8",
    "decimal": "numeric",
    "boolean": "boolean",
    "uuid": "uuid",
}


def identify(text: str) -> uuid.UUID:
    prefix, _, rest = text.partition("_")
    if prefix != "person":
        raise ValueError("Ids of people begin with person_.")
    return uuid.UUID(hex=rest)


def expression(path: tuple[str, ...], kind: Kind) -> str:
    steps = [f"'{step.replace(chr(39), chr(39) * 2)}'" for step in path]
    text = "->>".join(["->".join(["doc", *steps[:-1]]), steps[-1]])
    if kind == "instant":
        return f"rpad(rtrim({text}, 'Z'), 26, '.000000') collate \"C\""
    return f"({text})::{CASTS[kind]}" if kind in CASTS else f'({text}) collate "C"'


def field(name: str, kind: Kind, **more) -> Field:
    path = tuple(name.split("."))
    return Field(path=path, kind=kind, expression=expression(path, kind), nullable=True, **more)


def blind(name: str) -> Field:
    """A text that is kept sealed: what stands in the document begins with a token of it."""
    sealed = expression((name,), "text").removesuffix(' collate "C"')
    token = f'(substr({sealed}, 2, 22)) collate "C"'
    return Field(path=(name,), kind="text", expression=token, nullable=True, blind=True)


def items(name: str, kind: Kind) -> Field:
    *outer, last = (f"'{step}'" for step in name.split("."))
    return Field(
        path=tuple(name.split(".")),
        kind=kind,
        expression="->".join(["doc", *outer, last]),
        nullable=True,
        many=True,
    )


def column(name: str, kind: Kind) -> Field:
    return Field(path=(name,), kind=kind, expression=name, column=True)


FIELDS = (
    column("id", "uuid"),
    column("create_time", "instant"),
    column("revision", "integer"),
    field("title", "text"),
    field("status", "text"),
    field("age", "integer"),
    field("score", "number"),
    field("price", "decimal"),
    field("open", "boolean"),
    field("owner", "uuid", identify=identify),
    field("born", "date"),
    field("due", "instant"),
    field("address.city", "text"),
    field("it's \"odd\"", "text"),
    blind("nick"),
    items("tags", "text"),
    items("more.numbers", "integer"),
)  # fmt: skip
BY_NAME = {one.name: one for one in FIELDS}
SCALARS = [one.name for one in FIELDS if not one.many and not one.blind]


def index(*names: str, unique: bool = False, many: bool = False) -> IndexShape:
    parts = tuple((tuple(name.removeprefix("-").split(".")), name[0] == "-") for name in names)
    return IndexShape(
        name="deals_"
        + "_".join(str(ord(c)) if not c.isalnum() else c for name in names for c in name),
        parts=parts,
        unique=unique,
        many=many,
    )


INDEXES = (
    index("title"),
    index("-age"),
    index("status", "-due"),
    index("status", "title", "-age"),
    index("address.city"),
    index("-create_time"),
    index("score"),
    index("price"),
    index("owner", "create_time"),
    index("born"),
    index("it's \"odd\""),
    index("tags", many=True),
    index("more.numbers", many=True),
)  # fmt: skip
SOURCE = Source(table="deals", columns="id, doc", packed="array_agg(id) as ids")


def planner(*indexes: IndexShape) -> Planner:
    return Planner(FIELDS, indexes or INDEXES, SOURCE)


def definition(indexes: tuple[IndexShape, ...] = INDEXES) -> str:
    fields = {one.path: one for one in FIELDS}
    table = """
        create table deals (
            site_id text collate "C" not null, id uuid not null, revision bigint not null,
            create_time timestamptz not null, doc jsonb not null, primary key (site_id, id)
        );"""
    made = (
        f"create index {one.name} on deals {'using gin ' if one.many else ''}({key_of(one, fields)});"
        for one in indexes
    )
    return "\n".join([table, *made])
