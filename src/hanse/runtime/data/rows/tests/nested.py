"""Queries put together by chance, of levels within levels, each table held to its site or not."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

TABLES = {"event": "id", "seat": "number", "hold": "number"}
"""Each with a column of numbers."""

DECOYS = (
    "",
    "{0}.site_id <> $1",
    "({0}.site_id = $1 or true)",
    "({0}.site_id = $1) is not null",
    "not ({0}.site_id <> $1 and {0}.site_id = $1)",
    "{0}.site_id in ($1, 'other')",
    "{0}.site_id = {0}.site_id",
    "$1 = $1",
    "coalesce({0}.site_id, $1) = coalesce({0}.site_id, $1)",
    "case when {0}.site_id = $1 then true else true end",
    "{0}.site_id = 'other'",
    "{0}.site_id like '%'",
)
"""What looks like holding a table, and does not."""


@dataclass
class Level:
    """What one level of a query is made of so far."""

    text: str = ""
    where: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    tree: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)


class Maker:
    """Draws a query.

    Args:
        draw: Makes choices.
        free: The number of the table that is not held to its site; negative for none.
    """

    def __init__(self, draw: DrawFn, free: int = -1) -> None:
        self.draw = draw
        self.free = free
        self.tables = 0
        self._names = 0

    def choice(self, *choices: str) -> str:
        return self.draw(st.sampled_from(choices))

    def name(self, letter: str) -> str:
        self._names += 1
        return f"{letter}{self._names}"

    def query(self, depth: int) -> str:
        """A query of one column, `v`."""
        shape = self.choice("plain", "plain", "plain", "set", "common") if depth else "plain"
        if shape == "set":
            word = self.choice("union", "union all", "intersect", "except")
            return f"({self.query(depth - 1)}) {word} ({self.query(depth - 1)})"
        if shape == "common":
            name = self.choice(self.name("c"), "seat", "event")
            kind = self.choice("", "materialized ", "not materialized ")
            inner = self.query(depth - 1)
            alias = self.name("u")
            return f"with {name} as {kind}({inner}) select {alias}.v + 1 as v from {name} {alias}"
        return self.select(depth)

    def select(self, depth: int) -> str:
        level = Level()
        self.add_first(level, depth)
        for _ in range(self.draw(st.integers(0, 2))):
            self.add_joined(level, depth)
        for _ in range(self.draw(st.integers(0, 2 if depth else 0))):
            level.where.append(self.condition(level, depth))
        value = self.choice(
            *level.values,
            f"count({level.values[0]})::integer",
            f"max({level.values[-1]})::integer",
        )
        if depth and self.choice("", "", "scalar"):
            value = f"(select min(s.v) from ({self.query(depth - 1)}) s)"
        distinct = self.choice("", "", "distinct ")
        where = f" where {' and '.join(self.shuffled(level.where))}" if level.where else ""
        return f"select {distinct}{value} as v from {level.text}{where}"

    def shuffled(self, parts: list[str]) -> list[str]:
        return self.draw(st.permutations(parts))

    def add_first(self, level: Level, depth: int) -> None:
        text, alias = self.source(level, depth)
        level.text = text
        level.tree = [alias] if alias else []
        if alias:
            level.where.append(self.held(level, alias, self.anchors(level.held)))
            self.note(level, alias)
        level.where = [part for part in level.where if part]

    def add_joined(self, level: Level, depth: int) -> None:
        word = self.choice(", ", " join ", " left join ", " cross join ")
        text, alias = self.source(level, depth)
        if word == ", ":
            level.tree = []
        conditions: list[str] = []
        if alias:
            level.tree.append(alias)
            on = word in (" join ", " left join ") and self.choice("on", "where") == "on"
            anchors = [each for each in level.held if each in level.tree] if on else level.held
            condition = self.held(level, alias, self.anchors(anchors))
            (conditions if on else level.where).append(condition)
            self.note(level, alias)
        level.where = [part for part in level.where if part]
        conditions = [part for part in conditions if part] or ["true"]
        level.text += word + text
        if word in (" join ", " left join "):
            level.text += f" on {' and '.join(conditions)}"

    def note(self, level: Level, alias: str) -> None:
        level.held.append(alias)

    def anchors(self, held: list[str]) -> list[str]:
        return [f"{each}.site_id" for each in held]

    def source(self, level: Level, depth: int) -> tuple[str, str]:
        """An item of `from`, and its alias if it is a table."""
        if depth and self.choice("table", "table", "query") == "query":
            alias = self.name("d")
            level.values.append(f"{alias}.v")
            return f"({self.query(depth - 1)}) {alias}", ""
        table = self.choice(*TABLES)
        alias = self.name("t")
        level.values.append(f"{alias}.{TABLES[table]}")
        return f"venue.{table} {alias}", alias

    def held(self, level: Level, alias: str, anchors: list[str]) -> str:
        """What holds a table to its site; for the one that is to be free, what only seems to."""
        number, self.tables = self.tables, self.tables + 1
        if number == self.free:
            return self.choice(*DECOYS).format(alias)
        other = self.choice("$1", *anchors)
        if other == "$1" and self.choice("", "cast"):
            other = "$1::text"
        return self.choice(f"{alias}.site_id = {other}", f"({other} = {alias}.site_id)")

    def condition(self, level: Level, depth: int) -> str:
        value = self.choice(*level.values)
        inner = self.query(depth - 1)
        return self.choice(
            f"{value} in ({inner})",
            f"exists (select 1 from ({inner}) e where e.v = {value})",
            f"not exists ({inner})",
            f"{value} >= all (select a.v from ({inner}) a)",
            f"({value} > 1 or {value} in ({inner}))",
        )


@st.composite
def held_queries(draw: DrawFn) -> str:
    """Queries in which every table is held to its site."""
    return Maker(draw).query(2)


@st.composite
def free_queries(draw: DrawFn) -> str:
    """Queries in which one table is not."""
    maker = Maker(draw, draw(st.integers(0, 4)))
    text = maker.query(2)
    while maker.tables <= maker.free:
        text = f"({text}) union all ({maker.query(1)})"
    return text


@st.composite
def held_changes(draw: DrawFn) -> str:
    """Changes in which every table is held to its site."""
    maker = Maker(draw)
    inner = maker.query(1)
    held = maker.choice("t.site_id = $1", "$1 = t.site_id")
    return maker.choice(
        f"update hold t set owner = 'changed' where {held} and t.number in ({inner}) returning t.number as v",
        f"update hold t set owner = 'changed' from ({inner}) d where {held} and t.number = d.v",
        f"update hold t set owner = 'changed' from event e left join seat s on s.site_id = e.site_id"
        f" where {held} and e.site_id = t.site_id and e.id in ({inner})",
        f"delete from hold t where {held} and exists (select 1 from ({inner}) e where e.v = t.number)",
        f"delete from hold t using event e where t.site_id = e.site_id and e.site_id = $1 and e.id in ({inner})",
        f"insert into hold (site_id, number, owner) select $1, d.v, 'new' from (select distinct v from ({inner}) x where v is not null) d"
        " on conflict (site_id, number) do update set owner = 'twice'",
        f"insert into hold (number, site_id) select distinct v, $1 from ({inner}) x where v is not null on conflict (number, site_id) do nothing",
        f"merge into hold t using (select distinct v from ({inner}) x where v is not null) d on t.site_id = $1 and t.number = d.v"
        " when matched then update set owner = 'met' when not matched then insert (site_id, number) values ($1, d.v)",
        f"with gone as (delete from hold t where {held} and t.number in ({inner}) returning t.number)"
        " insert into hold (site_id, number) select $1, number + 100 from gone",
    )
