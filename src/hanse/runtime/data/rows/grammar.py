"""What may stand in a statement: every part is known and allowed, or the statement is refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import expressions as exp
from sqlglot.errors import SqlglotError

from hanse.runtime.data.rows.functions import ALLOWED, MOMENTS, PRESENT_TIME, remedy_for
from hanse.runtime.data.rows.lexing import is_place

if TYPE_CHECKING:
    from hanse.runtime.data.rows.lexing import Letters, Note

DIALECT = "postgres"
AGE_OF_TWO = 2

# What a part may hold; anything else in it is refused. Parts that are named nowhere are, too.
_CLAUSES: dict[type[exp.Expr], frozenset[str]] = {
    kind: frozenset(names.split())
    for kind, names in {
        exp.Select: "with_ expressions distinct from_ joins where group having windows order limit "
        "offset locks",
        exp.SetOperation: "with_ this expression distinct order limit offset",
        exp.Subquery: "this alias order limit offset",
        exp.With: "expressions recursive",
        exp.CTE: "this alias materialized",
        exp.Table: "this alias db joins ordinality",
        exp.TableAlias: "this columns",
        exp.ColumnDef: "this kind",
        exp.From: "this",
        exp.Join: "this on side kind using",
        exp.Lateral: "this alias ordinality",
        exp.Unnest: "expressions alias offset",
        exp.Values: "expressions alias",
        exp.Insert: "with_ this expression conflict returning",
        exp.Update: "with_ this expressions from_ where returning",
        exp.Delete: "with_ this using where returning",
        exp.Merge: "with_ this using on whens returning",
        exp.Whens: "expressions",
        exp.When: "matched condition then source",
        exp.OnConflict: "expressions action conflict_keys index_predicate constraint where",
        exp.Returning: "expressions",
        exp.Schema: "this expressions",
        exp.Column: "this table",
        exp.Star: "",
        exp.Limit: "expression",
        exp.Fetch: "direction count limit_options",
        exp.LimitOptions: "rows",
        exp.Cast: "this to",
        exp.DataType: "this expressions nested",
        exp.Window: "this partition_by order spec alias over",
    }.items()
}

_PLAIN: tuple[type[exp.Expr], ...] = (
    *(exp.Where, exp.Having, exp.Group, exp.GroupingSets, exp.Rollup, exp.Cube, exp.Order),
    *(exp.Ordered, exp.Distinct, exp.Offset, exp.Lock, exp.Filter, exp.WithinGroup, exp.WindowSpec),
    *(exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Var, exp.Alias, exp.Paren, exp.Tuple),
    *(exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE),
    *(exp.NullSafeEQ, exp.NullSafeNEQ, exp.Is, exp.In, exp.Between, exp.Like, exp.ILike),
    *(exp.Escape, exp.SimilarTo, exp.RegexpLike, exp.RegexpILike, exp.Exists, exp.Any, exp.All),
    *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Pow, exp.Neg, exp.DPipe),
    *(exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor, exp.BitwiseNot, exp.BitwiseLeftShift),
    *(exp.BitwiseRightShift, exp.Case, exp.If, exp.DataTypeParam, exp.Interval, exp.IntervalSpan),
    *(exp.AtTimeZone, exp.Collate, exp.Array, exp.Bracket, exp.Slice, exp.IgnoreNulls),
    *(exp.ArrayContainsAll, exp.ArrayContainedBy, exp.ArrayOverlaps, exp.Adjacent, exp.Overlaps),
    *(exp.JSONExtract, exp.JSONExtractScalar, exp.JSONBExtract, exp.JSONBExtractScalar),
    *(exp.JSONPath, exp.JSONPathRoot, exp.JSONPathKey, exp.JSONPathSubscript, exp.JSONBPathExists),
    *(exp.JSONBContains, exp.JSONBContainsTopKey, exp.JSONBContainsAllTopKeys),
    *(exp.JSONBContainsAnyTopKeys, exp.MatchAgainst, exp.Kwarg, exp.PropertyEQ),
)

_TYPE_NAMES = """
    ARRAY BIGDECIMAL BIGINT BOOLEAN CHAR DATE DATERANGE DECIMAL DOUBLE FLOAT INT INT4RANGE
    INT8RANGE INTERVAL JSON JSONB NUMRANGE SMALLINT TEXT TIME TIMESTAMP TIMESTAMPTZ TSRANGE
    TSTZRANGE TSVECTOR UUID VARBINARY VARCHAR
"""
_TYPES = frozenset(_TYPE_NAMES.split())
_TIME_NAMES = "DATE DATERANGE TIME TIMESTAMP TIMESTAMPTZ TSRANGE TSTZRANGE"
_TIMES = frozenset(_TIME_NAMES.split())
_NO_TEXTS = (exp.Null, exp.AtTimeZone, exp.Add, exp.Sub)
_CHOICES = (exp.Paren, exp.Array, exp.Coalesce, exp.Greatest, exp.Least, exp.Max, exp.Min)
_OWN_COLUMNS = frozenset(("ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "oid"))
_STATEMENTS = (exp.Select, exp.SetOperation, exp.Insert, exp.Update, exp.Delete, exp.Merge)
_BEGINNING = re.compile(r"(select|with|insert|update|delete|merge|table)\b|\(", re.IGNORECASE)
_CALLED = re.compile(r"[A-Z_0-9]+")
_WORDS = {
    exp.Command: "statements of this kind",
    exp.Into: "select … into",
    exp.TableSample: "tablesample",
    exp.Dot: "a name with a dot before a call, or a field of a row",
    exp.Operator: "operator(…)",
}


def read_statement(letters: Letters, note: Note) -> exp.Expr | None:
    """The tree of one statement of which every part is allowed; None where something is refused."""
    if not _BEGINNING.match(letters.text):
        note("is no select, insert, update, delete or merge", "what changes tables is a migration")
        return None
    try:
        trees = sqlglot.parse(letters.text, dialect=DIALECT)
    except (SqlglotError, RecursionError) as error:
        reason = str(error).partition("\n")[0]
        note(f"cannot be read as PostgreSQL: {reason}", "mend it, or write it more plainly")
        return None
    tree = trees[0] if len(trees) == 1 else None
    if not isinstance(tree, _STATEMENTS):
        note("is no plain select, insert, update, delete or merge", "write it without parentheses")
        return None
    refusals = dict.fromkeys(refusal for node in tree.walk() if (refusal := _refusal(node)))
    for refusal in refusals:
        note(*refusal)
    return None if refusals else tree


def name_of(identifier: exp.Expr | None) -> str:
    """A name as PostgreSQL folds it: in lower case, unless it stands in quotes."""
    if not isinstance(identifier, exp.Identifier):
        return ""
    return identifier.name if identifier.quoted else identifier.name.lower()


def _refusal(node: exp.Expr) -> tuple[str, str] | None:
    """What is wrong with a part by itself, and the remedy."""
    if isinstance(node, exp.DataType) and _type_name(node) not in _TYPES:
        return f"casts to {node.sql(DIALECT).lower()}", "cast to a built-in type of values"
    if isinstance(node, (exp.Cast, exp.ColumnDef)) and _may_read_now(node):
        return f"reads a time out of {_source(node)}, which may be a text like now", PRESENT_TIME
    clauses = next((_CLAUSES[kind] for kind in type(node).__mro__ if kind in _CLAUSES), None)
    if clauses is not None:
        unknown = [name for name, value in node.args.items() if value and name not in clauses]
        if unknown:
            what = f"has {', '.join(map(_clause, unknown))} in {_kind(node)}"
            return what, "write it more plainly"
    elif not isinstance(node, _PLAIN):
        return _function(node) if isinstance(node, exp.Func) else _unknown(node)
    if isinstance(node, exp.Column):
        return _column(node)
    return None


def _may_read_now(node: exp.Cast | exp.ColumnDef) -> bool:
    """Whether the present time may come of a value that is made a time of."""
    kind = node.args.get("to") or node.args.get("kind")
    if kind is None or not any(_type_name(one) in _TIMES for one in kind.find_all(exp.DataType)):
        return False
    if isinstance(node, exp.Cast):
        return not _is_no_text(node.this)
    made = node.find_ancestor(exp.Table, exp.Lateral)
    given = next(made.this.iter_expressions(), None) if made is not None else None
    return not _is_bound(given.this if isinstance(given, exp.Cast) else given)


def _is_no_text(node: exp.Expr) -> bool:
    """Whether a value was bound, or is by its making no text that the check of letters missed.

    What a column holds nobody knows here: those of table expressions have no type.
    """
    if isinstance(node, exp.Cast):
        return _type_name(node.to) in _TIMES  # what that is made of is looked at by itself
    if isinstance(node, exp.Case):
        ends = [*(one.args["true"] for one in node.args["ifs"]), node.args.get("default")]
        return all(_is_no_text(end) for end in ends if end is not None)
    if isinstance(node, _CHOICES):
        return all(map(_is_no_text, node.iter_expressions()))
    if isinstance(node, exp.Func) and called(node) in MOMENTS:
        return True
    return isinstance(node, (exp.Literal, *_NO_TEXTS)) or _is_bound(node)


def _is_bound(node: exp.Expr | None) -> bool:
    return isinstance(node, exp.Column) and not node.table and is_place(node.name)


def _source(node: exp.Cast | exp.ColumnDef) -> str:
    return "a document" if isinstance(node, exp.ColumnDef) else _kind(node.this)


def _column(node: exp.Column) -> tuple[str, str] | None:
    name = name_of(node.this)
    if name in _OWN_COLUMNS:
        return f"reads {name}, which tells of rows of others", "read columns of your own"
    if name in ("user", "current_role") and not node.table and not node.this.args.get("quoted"):
        return f"calls {name}", remedy_for(name)
    return None


def _type_name(node: exp.DataType) -> str:
    return str(getattr(node.this, "name", node.this))


def _function(node: exp.Func) -> tuple[str, str] | None:
    name = called(node)
    if name == "age" and len(node.expressions) == AGE_OF_TWO:
        return None  # of one it is its age at present
    return None if name in ALLOWED else (f"calls {name}()", remedy_for(name))


def called(node: exp.Func) -> str:
    """The name PostgreSQL knows a function by."""
    if isinstance(node, exp.Anonymous):
        return node.name.lower() if isinstance(node.this, str) else "a name in quotes"
    found = _CALLED.match(node.sql(DIALECT))
    name = found[0].lower() if found else _kind(node)
    return "now" if name == "current_timestamp" else name


def _unknown(node: exp.Expr) -> tuple[str, str]:
    word = next((_WORDS[kind] for kind in type(node).__mro__ if kind in _WORDS), _kind(node))
    return f"has {word}", "write it more plainly: what is not known to be safe is refused"


def _clause(name: str) -> str:
    return name.strip("_").replace("_", " ")


def _kind(node: exp.Expr) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(node).__name__).lower()
