"""Makes plans of queries: what is wrong or not served is refused, the rest becomes a statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from hanse.runtime.data.query.cursor import digest_of, read_cursor
from hanse.runtime.data.query.filter_reader import FilterReader
from hanse.runtime.data.query.order import Direction, read_sort
from hanse.runtime.data.query.plan import CountPlan, Plan
from hanse.runtime.data.query.projection import read_fields
from hanse.runtime.data.query.query import PAGE_SIZE_MAX, Query
from hanse.runtime.data.query.refusal import Violations, WrongValueError
from hanse.runtime.data.query.served import Indexes
from hanse.runtime.data.query.statement import Source, count_text, page_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hanse.runtime.data.query.fields import Field, IndexShape
    from hanse.runtime.data.query.operators import Node

_Key = TypeVar("_Key")
_Made = TypeVar("_Made")

COUNT_BOUND = 1000
COUNT_MAX = 100_000
SHAPES_MAX = 500
"""So many shapes of queries have their statements kept."""

_MOST = (11, 101, PAGE_SIZE_MAX + 1)
"""Rows a page and the one behind it have at most: a statement each, for pages short and long."""


class _Shape(NamedTuple):
    """What queries of one shape share.

    Attributes:
        fixed: What stands first in the order and is absent everywhere.
        sort: The order, the id last.
        alone: Whether one index has the filter and the order, so that no other is ever better.
        texts: Statements by which values of the cursor are present, None for the first page, and
            by how long the page is.
    """

    fixed: tuple[Direction, ...]
    sort: tuple[Direction, ...]
    alone: bool
    texts: dict[tuple[tuple[bool, ...] | None, int | None], str]


class Kept(Generic[_Key, _Made]):
    """Keeps a bounded number of what was made for a shape; the oldest goes first.

    Args:
        most: So many are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[_Key, _Made] = {}

    def get(self, key: _Key) -> _Made | None:
        return self._kept.get(key)

    def keep(self, key: _Key, made: _Made) -> None:
        if len(self._kept) >= self._most:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = made


class Planner:
    """Plans the queries of one collection.

    Args:
        fields: What can be filtered and sorted by; one of them is the `id`.
        indexes: Those of the table, beside its primary key (site_id, id).
        source: What is read.
        selectable: Names of what may be wanted of an item, like `address.city` and `address`;
            the fields and what they lie in, if left out.
        sealed: Names of what is kept so that no query can ask for it.
    """

    def __init__(
        self,
        fields: Sequence[Field],
        indexes: Sequence[IndexShape],
        source: Source,
        selectable: Iterable[str] = (),
        sealed: Iterable[str] = (),
    ) -> None:
        self._sealed = frozenset(sealed)
        self._fields = {field.name: field for field in fields}
        self._indexes = Indexes(indexes, self._fields)
        self._source = source
        self._selectable = dict.fromkeys(selectable) or _selectable(fields)
        self._shapes: Kept[tuple[Node | None, tuple[str, ...]], _Shape] = Kept(SHAPES_MAX)
        self._counts: Kept[Node | None, str] = Kept(SHAPES_MAX)

    def plan(self, query: Query, token: Callable[[str], str] | None = None) -> Plan:
        """One page of a query.

        Args:
            query: What is asked.
            token: What stands for a text in a blind field; needed where there are such.

        Raises:
            InvalidArgument: The query is wrong; its violations say where and what is allowed.
            QueryNotServed: No index serves it.
        """
        violations = Violations()
        reader = FilterReader(self._fields, violations, self._sealed, token)
        node = reader.read(query.filter)
        shape = self._shape(node, tuple(query.sort), violations)
        projection = read_fields(query.fields, self._selectable, violations)
        if not 1 <= query.page_size <= PAGE_SIZE_MAX:
            rule = f"1 to {PAGE_SIZE_MAX}"
            violations.add("page_size", rule, f"a page has {rule} items, not {query.page_size}.")
        violations.raise_any()
        identity = (node, query.sort, tuple(reader.values))
        behind = _behind(query.cursor, identity, shape.sort) if query.cursor else None
        values = [value for value in behind or () if value is not None]
        return Plan(
            text=self._text(node, shape, behind, query.page_size),
            parameters=[*reader.values, *values, query.page_size + 1],
            page_size=query.page_size,
            identity=identity,
            projection=projection,
            keys=range(len(shape.fixed), len(shape.fixed) + len(shape.sort) - 1),
        )

    def count(
        self,
        given: dict[str, Any],
        bound: int = COUNT_BOUND,
        token: Callable[[str], str] | None = None,
    ) -> CountPlan:
        """How many items a filter finds, counted no further than to a bound.

        Raises:
            InvalidArgument: The filter or the bound is wrong.
            QueryNotServed: No index serves the filter.
        """
        violations = Violations()
        reader = FilterReader(self._fields, violations, self._sealed, token)
        node = reader.read(given)
        if not 1 <= bound <= COUNT_MAX:
            rule = f"1 to {COUNT_MAX}"
            violations.add("bound", rule, f"it counts to a bound of {rule}, not {bound}.")
        violations.raise_any()
        text = self._counts.get(node)
        if text is None:
            if node is not None:
                self._indexes.check(node)
            text = count_text(self._source, self._fields, node)
            self._counts.keep(node, text)
        return CountPlan(text=text, parameters=[*reader.values, bound + 1], bound=bound)

    def _shape(self, node: Node | None, sort: tuple[str, ...], violations: Violations) -> _Shape:
        """Of a query that is wrong, any; what is wrong with the sort is among its violations."""
        shape = self._shapes.get((node, sort))
        if shape is None:
            read = read_sort(sort, self._fields, violations, self._sealed)
            if violations.found:
                return _Shape((), read, alone=False, texts={})
            if node is not None:
                self._indexes.check(node)
            fixed, alone = self._indexes.order(node, read)
            shape = _Shape(fixed, read, alone, {})
            self._shapes.keep((node, sort), shape)
        return shape

    def _text(
        self, node: Node | None, shape: _Shape, behind: list[Any] | None, page_size: int
    ) -> str:
        present = None if behind is None else tuple(value is not None for value in behind)
        most = next(one for one in _MOST if page_size < one) if shape.alone else None
        text = shape.texts.get((present, most))
        if text is None:
            order = (shape.fixed, shape.sort)
            text = page_text(self._source, self._fields, node, order, present, most)
            shape.texts[present, most] = text
        return text


def _behind(cursor: str, identity: tuple[Any, ...], sort: tuple[Direction, ...]) -> list[Any]:
    try:
        return read_cursor(cursor, digest_of(identity), sort)
    except WrongValueError as error:
        violations = Violations()
        violations.add("cursor", error.rule, error.message)
        violations.raise_any()
        raise AssertionError from error


def _selectable(fields: Iterable[Field]) -> dict[str, None]:
    paths = [field.path for field in fields]
    return dict.fromkeys(".".join(path[:end]) for path in paths for end in range(1, len(path) + 1))
