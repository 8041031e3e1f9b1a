"""The SQL of a collection: constant texts, made once of its entity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hanse.runtime.data.collection.holding import Holding, Told
from hanse.runtime.data.collection.merge import inner_structs, merged_sql
from hanse.runtime.data.entity.columns import DELETE_TIME
from hanse.runtime.data.entity.expression import jsonb, quoted
from hanse.runtime.data.entity.leaf import ABSENT, Leaf
from hanse.runtime.data.personal.keys_used import proof_parts, proven

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hanse.runtime.data.entity.model import EntityModel
    from hanse.runtime.data.entity.table_index import TableIndex


class Given(NamedTuple):
    """What is laid over a row, as SQL: once as arguments, for many as columns.

    Attributes:
        document: Itself.
        revision: The one expected, or 0.
        paths: Those that must be there; empty where none is.
    """

    document: str
    revision: str
    paths: str


class Statements:
    """Every statement has the site as its first argument, and tells in one round trip why not.

    The two that are plain do not tell: they are for what refers to nothing and is not sealed, cost
    PostgreSQL half as much, and where they write nothing the one that tells follows.

    Those that write one row answer with a row where `done` is true, or with one that says what is
    there instead; with none where nothing is. What they hold until they are through comes last: see
    `Holding`; behind that in `update`, where something is sealed, whose it has to be.

    Args:
        model: What was read of the entity.
        keyed: Whether those that write one row hold keys although nothing of it is sealed.

    Attributes:
        checked: What this one refers to, of the entities of the same schema, and files.
    """

    def __init__(self, model: EntityModel, *, keyed: bool = False) -> None:
        self._model = model
        self._table = model.full_table
        self._keyed = keyed
        self._holding = Holding(model, keyed=keyed)
        self.checked = self._holding.checked
        columns = "id, revision, create_time, update_time, shape, doc"
        self.columns = f"{columns}, {DELETE_TIME}" if model.soft else columns
        self._alive = " and delete_time is null" if model.soft else ""
        self._here = "site_id = $1 and id = $2"
        self.get = f"select {self.columns} from {self._table} where {self._here}"
        self.batch_get = (
            f"select {self.columns} from {self._table} where site_id = $1 and id = any($2::uuid[])"
        )
        columns = "site_id, id, revision, create_time, update_time, shape, doc"
        self.plain_create = (
            f"insert into {self._table} ({columns}) "
            f"values ($1, $2, 1, $3, $3, {self._model.shape}, $4)"
        )
        self.create = self._create()
        self.create_many = self._create_many()
        self._inner = inner_structs(model)
        self.plain_update = self._plain_update()
        self.update = self._update()
        self.update_many = self._update_many()
        self.delete_many = self._delete_many()
        self.taken = self._taken()
        self.store = self._store()
        self.delete = self._delete()
        self.restore = self._restore() if model.soft else ""

    # Each of these is run as it is; what varies is bound.

    def _create(self) -> str:
        columns = "site_id, id, revision, create_time, update_time, shape, doc"
        if not self._holding.needed:
            return self.plain_create
        return (
            f"with {self._holding.parts(5)}, made as (insert into {self._table} ({columns}) "
            f"select $1::text, $2::uuid, 1, $3::timestamptz, $3, {self._model.shape}, $4::jsonb "
            f"where {' and '.join(self._holding.conditions(5))} returning 1) "
            f"select exists (select from made) as done{_answers(self._holding.told(5))}"
        )

    def _create_many(self) -> str:
        """With a `$5` of pairs (number of the item, id it refers to), where it refers to any."""
        columns = "site_id, id, revision, create_time, update_time, shape, doc"
        first = 7 if self.checked else 5
        held = self._holding.parts(first, many=True)
        where = [self._holding.found_of("given.n", 5)] if self.checked else []
        where += self._holding.keys_hold(first)
        return (
            f"with {held}{', ' if held else ''}made as (insert into {self._table} ({columns}) "
            f"select $1::text, given.id, 1, $3::timestamptz, $3, {self._model.shape}, given.doc "
            f"from unnest($2::uuid[], $4::jsonb[]) with ordinality as given (id, doc, n)"
            f"{' where ' if where else ''}{' and '.join(where)} "
            f"on conflict do nothing returning id) "
            f"select (select array_agg(id) from made) as made{_answers(self._holding.told(first))}"
        )

    def _plain_update(self) -> str:
        """$3 now, $4 what is given, $5 the revision expected or 0."""
        given = Given("$4::jsonb", "$5::bigint", "")
        where = [self._here + self._alive, *self._rules(given)]
        return self._changed(merged_sql("doc", given.document, self._inner), where)

    def _update(self) -> str:
        """$3 now, $4 what is given, $5 the revision expected or 0, $6 paths that must be there."""
        given = Given("$4::jsonb", "$5::bigint", "array_to_string($6::text[], ',')")
        last = 6 + bool(self._inner)
        whose = self._holding.whose(self._holding.after(last))
        where = [self._here + self._alive, *self._rules(given), *self._holding.conditions(last)]
        where += [one.expression for one in whose]
        changed = self._changed(merged_sql("doc", given.document, self._inner), where)
        return self._telling(changed, [*self._told(given), *whose], last)

    def _update_many(self) -> str:
        """As `_update`, with lists; $7 and $8 are pairs (number of the item, id it refers to)."""
        given = Given("given_doc", "expected", "must_be_there")
        where = [f"site_id = $1 and id = given_id{self._alive}", *self._rules(given)]
        if self.checked:
            where.append(self._holding.found_of("given_n", 7))
        changed = self._changed(
            merged_sql("doc", given.document, self._inner),
            [*where, "exists (select from held)"],
            source=" from given",
        )
        found = f"{self._holding.found(9)}, " if self.checked else ""
        told = [*self._told(given), *self._holding.found_ids()]
        nothing = "".join(f", null::{one.type} as {one.name}" for one in told)
        there = self.columns.replace(", doc", ", null::jsonb")
        return (
            "with given as (select * from unnest($2::uuid[], $4::jsonb[], $5::bigint[], "
            "$6::text[]) with ordinality as g (given_id, given_doc, expected, must_be_there, "
            f"given_n)), {found}held as materialized (select from {self._table} "
            "where site_id = $1 and id = any($2) order by id for no key update), "
            f"changed as ({changed}) "
            f"select true as done, {self.columns}{nothing} from changed "
            f"union all select false, {there}{_answers(told)} from {self._table}, given "
            "where site_id = $1 and id = given_id and id not in (select id from changed)"
        )

    def _rules(self, given: Given) -> list[str]:
        """What must hold of a row before something is laid over it, beside that it is there."""
        rules = [f"({given.revision} = 0 or revision = {given.revision})"]
        rules += [self._kept(leaf, given) for leaf in self._model.immutable]
        if self._model.shape > 1:
            rules.append(f"shape >= {self._model.shape}")
        if self._inner and given.paths:
            rules.append(f"not exists ({self._unset(given)})")
        return rules

    def _told(self, given: Given) -> list[Told]:
        kept = ", ".join(self._kept(leaf, given) for leaf in self._model.immutable)
        told = [Told("kept", "boolean[]", f"array[{kept}]::boolean[]")]
        if self._inner:
            told.append(Told("unset", "text[]", f"array({self._unset(given)})"))
        return told

    def _store(self) -> str:
        """$3 now, $4 the whole document, $5 the revision it was read at."""
        where = [self._here + self._alive, "revision = $5::bigint", *self._holding.conditions(6)]
        return self._telling(self._changed("$4::jsonb", where), [], 6)

    def _delete(self) -> str:
        """$3 the revision expected or 0, $4 now where what is deleted stays.

        An update alone lets others refer to what it hides, as it changes no key: so it is held as
        one that deletes would hold it.
        """
        where = f"{self._here}{self._alive} and ($3::bigint = 0 or revision = $3)"
        held, first = "", 4 + self._model.soft
        if self._keyed:
            held, where = f"{proof_parts(first)}, ", f"{where} and {proven(first)}"
        if self._model.soft:
            held += f"held as materialized (select from {self._table} where {where} for update), "
            changed = (
                f"update {self._table} set delete_time = $4::timestamptz, update_time = $4, "
                f"revision = revision + 1 where {where} and exists (select from held) "
                "returning revision"
            )
        else:
            changed = f"delete from {self._table} where {where} returning revision"
        return (
            f"with {held}changed as ({changed}) select true as done, revision from changed "
            f"union all select false, revision from {self._table} "
            f"where {self._here}{self._alive} and not exists (select from changed)"
        )

    def _restore(self) -> str:
        """$3 the revision expected or 0, $4 now; only where what is deleted stays."""
        proof = f" and {proven(5)}" if self._keyed else ""
        changed = (
            f"update {self._table} set delete_time = null, update_time = $4::timestamptz, "
            f"revision = revision + 1 where {self._here} and delete_time is not null "
            f"and ($3::bigint = 0 or revision = $3){proof} returning {self.columns}"
        )
        text = self._telling(changed, [])
        return f"with {proof_parts(5)}, {text.removeprefix('with ')}" if self._keyed else text

    def _delete_many(self) -> str:
        """$3 now, where what is deleted stays."""
        where = f"site_id = $1 and id = any($2::uuid[]){self._alive}"
        if not self._model.soft:
            return f"delete from {self._table} where {where} returning id"
        return (
            f"with held as materialized (select id from {self._table} where {where} order by id "
            f"for update) update {self._table} set delete_time = $3::timestamptz, "
            f"update_time = $3, revision = revision + 1 where {where} and id in "
            "(select id from held) returning id"
        )

    def _taken(self) -> str:
        """Which of the documents in $2 share with a row what no two may share, and by which index.

        In the part that looks for the row `doc` is the row's, before that it is the document's.
        """
        documents = "unnest($2::jsonb[]) with ordinality as given (doc, n)"
        parts: list[str] = []
        for index in self._unique:
            values = [self._model.fields[path].expression for path, _ in index.shape.parts]
            own = ", ".join(f"{value} as v{at}" for at, value in enumerate(values))
            same = " and ".join(f"({value}) = own.v{at}" for at, value in enumerate(values))
            parts.append(
                f"select n, {quoted(index.name)} as name from {documents} cross join lateral "
                f"(select {own} from (select given.doc) as one (doc)) as own where exists "
                f"(select from {self._table} where site_id = $1 and {same}{self._alive})"
            )
        nothing = f"select n, '' as name from {documents} where $1::text is null"
        return " union all ".join(parts) or nothing

    @property
    def _unique(self) -> list[TableIndex]:
        """Those of documents alone; none but these is looked for in one that is not stored."""
        return [
            index
            for index in self._model.indexes
            if index.shape.unique
            and not any(self._model.fields[path].column for path, _ in index.shape.parts)
        ]

    # Parts of them.

    def _changed(self, document: str, where: Sequence[str], source: str = "") -> str:
        shape = self._model.shape
        newest = f", shape = greatest(shape, {shape})" if shape > 1 else ""
        return (
            f"update {self._table} set revision = revision + 1, update_time = $3::timestamptz, "
            f"doc = {document}{newest}{source} where {' and '.join(where)} returning {self.columns}"
        )

    def _telling(self, changed: str, told: Sequence[Told], first: int = 0) -> str:
        """A statement that writes, and where it did not says what is there.

        Args:
            changed: The part that writes.
            told: What it says besides.
            first: The number of the first argument of what it holds; 0 if it holds nothing.
        """
        held = self._holding.parts(first) if first else ""
        told = [*told, *self._holding.told(first)] if held else told
        nothing = "".join(f", null::{one.type} as {one.name}" for one in told)
        there = self.columns.replace(", doc", ", null::jsonb")
        return (
            f"with {held}{', ' if held else ''}changed as ({changed}) "
            f"select true as done, {self.columns}{nothing} from changed "
            f"union all select false, {there}{_answers(told)} from {self._table} "
            f"where {self._here} and not exists (select from changed)"
        )

    def _kept(self, leaf: Leaf, given: Given) -> str:
        """Whether a value that never changes is not given, or the same."""
        path = "array[" + ", ".join(map(quoted, leaf.path)) + "]"
        default: Any = None if leaf.default is ABSENT else leaf.default
        stored = f"coalesce(doc #> {path}, {jsonb(default)})"
        new = f"{given.document} #> {path}"
        return f"({new} is null or {new} = {stored})"

    def _unset(self, given: Given) -> str:
        """The paths that must be there, under which nothing is stored yet."""
        return (
            f"select path from unnest(string_to_array({given.paths}, ',')) as path "
            "where jsonb_typeof(doc #> string_to_array(path, '.')) is distinct from 'object'"
        )


def _answers(told: Sequence[Told]) -> str:
    return "".join(f", {one.expression} as {one.name}" for one in told)
