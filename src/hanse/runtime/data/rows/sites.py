"""The promise of a store: what a statement reads and writes for a site is that site's alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlglot import expressions as exp

from hanse.runtime.data.rows.grammar import name_of
from hanse.runtime.data.rows.level import QUERIES, SITE, Level, Names, is_site, within

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hanse.runtime.data.rows.lexing import Note

_ALL_SITES = f"add `{{0}}.{SITE} = $1` to the where, or to the on that joins it"


class Owned(NamedTuple):
    """Whose tables a statement may use.

    Attributes:
        schema: Where they are; no other may be named.
        shared: Those that belong to no site.
    """

    schema: str
    shared: Names


class Sites:
    """Looks at every level of a statement.

    Args:
        owned: Whose tables it may use.
        note: Takes down what is wrong.

    Attributes:
        tables: The tables it reads and writes, as they stand in the tree.
    """

    def __init__(self, owned: Owned, note: Note) -> None:
        self.tables: list[exp.Table] = []
        self._owned = owned
        self._note = note

    def look(self, query: exp.Expr, common: Names = frozenset()) -> None:
        """Looks at a query and at those in it; `common` are the table expressions it sees."""
        common = self._look_at_common(query, common)
        level = Level(common, self._note)
        if isinstance(query, exp.Select):
            self._read(query, level)
        elif isinstance(query, exp.Update):
            self._update(query, level)
        elif isinstance(query, exp.Delete):
            self._delete(query, level)
        elif isinstance(query, exp.Merge):
            self._merge(query, level)
        elif isinstance(query, exp.Insert):
            self._insert(query, level)
        self._look_inside(query, level, common)

    def _look_at_common(self, query: exp.Expr, common: Names) -> Names:
        clause = query.args.get("with_")
        if clause is None:
            return common
        for each in clause.expressions:
            name = name_of(each.args["alias"].this)
            # Before its own end a name is that of a table, unless the expression calls itself.
            self.look(each.this, common | {name} if clause.args.get("recursive") else common)
            common |= {name}
        return common

    def _look_inside(self, query: exp.Expr, level: Level, common: Names) -> None:
        """Looks at the queries inside, and that no table stands where none was expected."""
        clause = query.args.get("with_")
        for node in within(query):
            if clause is not None and _lies_in(node, clause):
                continue
            if isinstance(node, QUERIES) and not isinstance(node.parent, exp.When):
                self.look(node, common)
            elif isinstance(node, exp.Table) and not level.knows(node):
                self._note(f"has {node.name} at an odd place", "write it more plainly")

    def _hold(self, level: Level, *, written: str = "") -> None:
        """Notes the tables of a level that are not ours, or whose rows are of any site.

        Args:
            level: The level, read.
            written: Alias of a table that is only inserted into, so that none of it is read.
        """
        self.tables += level.tables.values()
        sites: set[str] = set()
        for alias, table in level.tables.items():
            schema = name_of(table.args.get("db"))
            if table.args.get("db") is not None and schema != self._owned.schema:
                remedy = f"it may use {self._owned.schema}; call the service that owns the other"
                self._note(f"uses {schema}.{table.name} of another schema", remedy)
            elif name_of(table.this) not in self._owned.shared and alias != written:
                sites.add(alias)
        for table in level.free(frozenset(sites)):
            alias = table.alias or table.name
            self._note(f"reads {table.name} of all sites", _ALL_SITES.format(alias))

    def _read(self, query: exp.Select, level: Level) -> None:
        source = query.args.get("from_")
        if source is not None:
            level.add_from(source.this, query.args.get("joins") or ())
        level.add_where(query.args.get("where"))
        self._hold(level)

    def _update(self, query: exp.Update, level: Level) -> None:
        level.add_target(query.this)
        if query.args.get("from_") is not None:
            level.add_from(query.args["from_"].this)
        level.add_where(query.args.get("where"))
        self._hold(level)
        self._assign(query.expressions)

    def _delete(self, query: exp.Delete, level: Level) -> None:
        level.add_target(query.this)
        for item in query.args.get("using") or ():
            level.add_from(item)
        level.add_where(query.args.get("where"))
        self._hold(level)

    def _merge(self, query: exp.Merge, level: Level) -> None:
        target = level.add_target(query.this)
        level.add_from(query.args["using"])
        level.add_match(query.args["on"], target, frozenset(level.tables))
        self._hold(level)
        for when in query.args["whens"].expressions:
            then = when.args.get("then")
            if when.args.get("source"):
                self._note("merges what its source has not", "delete it by a statement of its own")
            elif isinstance(then, exp.Update):
                self._assign(then.expressions)
            elif isinstance(then, exp.Insert) and not self._is_shared(query.this):
                columns = then.this.expressions if isinstance(then.this, exp.Tuple) else []
                values = [then.expression] if isinstance(then.expression, exp.Tuple) else []
                self._inserted(query.this.name, columns, values)

    def _insert(self, query: exp.Insert, level: Level) -> None:
        into = query.this
        table = into.this if isinstance(into, exp.Schema) else into
        self._hold(level, written=level.add_target(table))
        conflict = query.args.get("conflict")
        if conflict is not None:
            self._assign(conflict.expressions)
        if self._is_shared(table):
            return
        columns = into.expressions if isinstance(into, exp.Schema) else []
        self._inserted(table.name, columns, _rows_of(query.expression))
        if conflict is not None:
            self._conflict(table.name, conflict)

    def _is_shared(self, table: exp.Table) -> bool:
        return name_of(table.this) in self._owned.shared

    def _assign(self, assignments: Iterable[exp.Expr]) -> None:
        for each in assignments:
            target = each.this if isinstance(each, exp.EQ) else each
            if any(name_of(name) == SITE for name in target.find_all(exp.Identifier)):
                self._note(f"sets {SITE}", "a row stays with its site; insert another")

    def _inserted(self, table: str, columns: list[exp.Expr], rows: Sequence[exp.Expr]) -> None:
        """Notes where a row that is inserted is not of the site."""
        names = [name_of(column.this if isinstance(column, exp.Column) else column)
                 for column in columns]  # fmt: skip
        if SITE not in names:
            remedy = f"name its columns, {SITE} the first, and give it $1"
            self._note(f"inserts into {table} without {SITE}", remedy)
            return
        index = names.index(SITE)
        for row in rows or (exp.Tuple(),):
            values = row.expressions
            starred = any(each.is_star for each in values[: index + 1])
            if starred or len(values) <= index or not is_site(_bare(values[index])):
                self._note(f"inserts into {table} for a site that is not $1", f"make {SITE} $1")

    def _conflict(self, table: str, conflict: exp.OnConflict) -> None:
        keys = [key.this if isinstance(key, exp.Ordered) else key
                for key in conflict.args.get("conflict_keys") or ()]  # fmt: skip
        names = [name_of(key.this) if isinstance(key, exp.Column) else "" for key in keys]
        if SITE not in names:
            remedy = f"write on conflict ({SITE}, …) with the columns of the key"
            self._note(f"meets conflicts in {table} over all sites", remedy)


def _rows_of(source: exp.Expr | None) -> list[exp.Expr]:
    """What is inserted: tuples of values, or selects."""
    if isinstance(source, exp.Values):
        return [row if isinstance(row, exp.Tuple) else exp.Tuple() for row in source.expressions]
    if isinstance(source, exp.SetOperation):
        return [*_rows_of(source.this), *_rows_of(source.expression)]
    if isinstance(source, exp.Subquery):
        return _rows_of(source.this)
    return [source] if isinstance(source, exp.Select) else [exp.Tuple()]


def _bare(value: exp.Expr) -> exp.Expr:
    return value.this if isinstance(value, exp.Alias) else value


def _lies_in(node: exp.Expr, clause: exp.Expr) -> bool:
    while node.parent is not None and node is not clause:
        node = node.parent
    return node is clause
