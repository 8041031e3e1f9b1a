"""One level of a query: the tables it reads, and the conditions that keep rows of theirs out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlglot import expressions as exp

from hanse.runtime.data.rows.grammar import name_of
from hanse.runtime.data.rows.lexing import place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hanse.runtime.data.rows.lexing import Note

SITE = "site_id"
QUERIES = (exp.Select, exp.SetOperation, exp.Insert, exp.Update, exp.Delete, exp.Merge)
Names = frozenset[str]


class Spot(NamedTuple):
    """A condition, and what it does there.

    Attributes:
        condition: What has to hold.
        keeps_out: Aliases of the tables whose rows do not count where it does not hold: all below
            an inner join or a `where`, those on the right of a left join.
        sees: Aliases its columns may be of; any other is one of a level outside.
    """

    condition: exp.Expr
    keeps_out: Names
    sees: Names


class Level:
    """The sources of one query level.

    Args:
        common: Names of the common table expressions that are seen here.
        note: Takes down joins that cannot be followed.
    """

    def __init__(self, common: Names, note: Note) -> None:
        self.tables: dict[str, exp.Table] = {}
        self._places: set[int] = set()
        self._spots: list[Spot] = []
        self._common = common
        self._note = note

    def add_target(self, table: exp.Expr | None) -> str:
        """The table that is written, which is never a common table expression."""
        assert isinstance(table, exp.Table)
        return self._add_table(table)

    def add_from(self, item: exp.Expr, joins: Iterable[exp.Join] = ()) -> None:
        """An item of `from` and what is joined to it; a comma begins a tree of its own."""
        aliases = self._item(item, nested=False)
        for join in (*item.args.get("joins", ()), *joins):
            aliases = self._join(aliases, join)

    def add_where(self, where: exp.Expr | None) -> None:
        if where is not None:
            everything = frozenset(self.tables)
            self._spots.append(Spot(where.this, everything, everything))

    def add_match(self, condition: exp.Expr, target: str, sees: Names) -> None:
        """The `on` of a merge, which keeps rows of its target out, and none of its source."""
        self._spots.append(Spot(condition, frozenset((target,)), sees))

    def knows(self, table: exp.Table) -> bool:
        """Whether a table is one of those that were added, or the name of one that is locked."""
        return id(table) in self._places or isinstance(table.parent, exp.Lock)

    def free(self, sites: Names) -> list[exp.Table]:
        """The tables of `sites` (by alias) whose rows may be of any site."""
        bound: set[str] = set()
        pairs = list(self._equalities(sites))
        while True:
            more = {alias for alias, other in pairs if other is None or other in bound} - bound
            if not more:
                return [table for alias, table in self.tables.items() if alias in sites - bound]
            bound |= more

    def _equalities(self, sites: Names) -> Iterator[tuple[str, str | None]]:
        """Alias whose site equals that of another alias, or the site that was asked for (None)."""
        for spot in self._spots:
            for condition in _conjuncts(spot.condition):
                if not isinstance(condition, exp.EQ):
                    continue
                left = self._side(condition.this, spot, sites)
                right = self._side(condition.expression, spot, sites)
                for one, other in ((left, right), (right, left)):
                    if one and one in spot.keeps_out and other is not None:
                        yield one, other or None

    def _side(self, side: exp.Expr, spot: Spot, sites: Names) -> str | None:
        """The alias whose site this is; empty for the site asked for, None for anything else."""
        if is_site(side):
            return ""
        if not isinstance(side, exp.Column) or name_of(side.this) != SITE:
            return None
        alias = name_of(side.args.get("table"))
        if not alias and len(sites) == 1 and spot.keeps_out == frozenset(self.tables):
            (alias,) = sites  # of several, PostgreSQL would not know which
        return alias if alias in spot.sees & sites else None

    def _join(self, left: Names, join: exp.Join) -> Names:
        side, kind = str(join.args.get("side") or ""), str(join.args.get("kind") or "")
        condition = join.args.get("on")
        if side not in ("", "LEFT") or kind not in ("", "INNER", "OUTER", "CROSS"):
            self._note(f"has a {side or kind} join".lower(), "turn it round into a left join")
        if any(name_of(column) == SITE for column in join.args.get("using") or ()):
            self._note(f"joins using ({SITE})", f"join on a.{SITE} = b.{SITE}")
        right = self._item(join.this, nested=True)
        if not (side or kind or condition or join.args.get("using")):
            return right  # a comma
        if condition is not None:
            keeps_out = right if side == "LEFT" else left | right
            self._spots.append(Spot(condition, keeps_out, left | right))
        return left | right

    def _item(self, item: exp.Expr, *, nested: bool) -> Names:
        aliases: Names = frozenset()
        if isinstance(item, exp.Table) and isinstance(item.this, exp.Identifier):
            if item.args.get("db") is None and name_of(item.this) in self._common:
                self._places.add(id(item))
            else:
                aliases = frozenset((self._add_table(item),))
        elif isinstance(item, exp.Table):
            self._places.add(id(item))  # a function; functions are known
        elif isinstance(item, exp.Subquery) and isinstance(item.this, exp.Table):
            self._note("has a join in parentheses", "write the joins one after another")
        for join in item.args.get("joins", ()) if nested else ():
            aliases = self._join(aliases, join)
        return aliases

    def _add_table(self, table: exp.Table) -> str:
        alias = table.args.get("alias")
        if alias is not None and alias.args.get("columns"):
            self._note(f"renames the columns of {table.name}", "leave them out: `from seat as s`")
        name = name_of(alias.this if alias is not None else table.this)
        if name in self.tables:
            self._note(f"has two tables called {name}", "give each a name of its own")
        self.tables[name] = table
        self._places.add(id(table))
        return name


def is_site(value: exp.Expr | None) -> bool:
    """Whether a value is `$1`, and nothing else; casting it to text changes nothing."""
    if isinstance(value, exp.Cast) and str(getattr(value.to.this, "name", "")) == "TEXT":
        value = value.this
    return (
        isinstance(value, exp.Column)
        and isinstance(value.this, exp.Identifier)
        and value.args.get("table") is None
        and not value.this.quoted
        and value.name == place(1)
    )


def within(level: exp.Expr) -> Iterator[exp.Expr]:
    """The parts of a level; of queries inside it only their beginning."""
    waiting = list(level.iter_expressions())
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, QUERIES) or isinstance(node.parent, exp.When):
            waiting += node.iter_expressions()


def _conjuncts(condition: exp.Expr) -> Iterator[exp.Expr]:
    waiting = [condition]
    while waiting:
        node = waiting.pop()
        if isinstance(node, exp.And):
            waiting += (node.this, node.expression)
        elif isinstance(node, exp.Paren):
            waiting.append(node.this)
        else:
            yield node
