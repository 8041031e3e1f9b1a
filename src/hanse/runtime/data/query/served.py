"""Whether indexes serve a query, so that its rows and their order are found without a full scan."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hanse.runtime.data.query.operators import ABSENT, PREFIX_TO_END, Node
from hanse.runtime.data.query.order import Direction
from hanse.runtime.data.query.refusal import QueryNotServed, declared, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hanse.runtime.data.query.fields import Field, IndexShape

_ONE_VALUE = ("$eq", ABSENT)
_NARROWING = (*_ONE_VALUE, "$in", "$gt", "$gte", "$lt", "$lte", "$startsWith", PREFIX_TO_END)
_RANGES = tuple(one for one in _NARROWING if one != "$in")
_ITEMS = ("$hasAll", "$hasSome")


class _Key(NamedTuple):
    """An index by names: its parts, the id included unless it is unique."""

    parts: tuple[tuple[str, bool], ...]
    unique: bool


class Indexes:
    """What the indexes of a collection serve.

    Args:
        indexes: All but the primary key.
        fields: By name.
    """

    def __init__(self, indexes: Sequence[IndexShape], fields: Mapping[str, Field]) -> None:
        self._fields = fields
        self._keys = [_Key((("id", False),), unique=False), *_keys(indexes)]
        self._leading = {key.parts[0][0] for key in self._keys}
        self._lists = {".".join(index.parts[0][0]) for index in indexes if index.many}
        self._declared = tuple(
            declared([(".".join(path), down) for path, down in index.parts]) for index in indexes
        )

    def check(self, node: Node) -> None:
        """Refuses a filter of which no part narrows the search by an index.

        Raises:
            QueryNotServed: So it is.
        """
        lacking = self._lacking(node)
        if lacking is None:
            return
        if not lacking:
            raise QueryNotServed(
                "What is absent, unequal or negated narrows no search. Add a value, a range or a"
                f" beginning of one of: {listed([*self._leading, *self._lists])}.",
                missing="",
                indexes=self._declared,
            )
        missing = declared([(lacking, False)])
        raise self._refusal(f"No index begins with {lacking}, so the filter reads all.", missing)

    def order(
        self, node: Node | None, sort: tuple[Direction, ...]
    ) -> tuple[tuple[Direction, ...], bool]:
        """What stands before a sort in `order by`: parts that are absent in all rows found.

        PostgreSQL knows that an equal value leaves the order of the other parts, and does not
        know it of what is NULL.

        Returns:
            These, and whether the index that has the order narrows all that the filter does.

        Raises:
            QueryNotServed: No index has that order.
        """
        bound = dict(_single_values(node)) if node else {}
        asked = _compared(node) if node else frozenset[str | None]()
        best: tuple[tuple[Direction, ...], bool] | None = None
        longest = -1
        for key in self._keys:
            for length in range(len(key.parts) + 1):
                if length and key.parts[length - 1][0] not in bound:
                    break
                flipped = self._flipped(key, length, sort)
                if flipped is not None and length > longest:
                    longest = length
                    absent = tuple(
                        Direction(self._fields[name], down != flipped)
                        for name, down in key.parts[:length]
                        if bound[name] == ABSENT
                    )
                    best = absent, asked <= {name for name, _ in key.parts[: length + 1]}
        if best is None:
            raise self._unsorted(bound, sort)
        return best

    def _flipped(self, key: _Key, length: int, sort: tuple[Direction, ...]) -> bool | None:
        """Whether the rest of an index, read backwards, is the order; None if it is not at all."""
        rest = key.parts[length:]
        wanted = [(each.field.name, each.descending) for each in sort]
        if key.unique:
            if len(wanted) == 1 or any(self._fields[name].nullable for name, _ in key.parts):
                return None  # rows without a value may be many, and the index has no id
            wanted.pop()
        if [name for name, _ in rest] != [name for name, _ in wanted]:
            return None
        differ = {down != down_too for (_, down), (_, down_too) in zip(rest, wanted, strict=True)}
        return differ.pop() if len(differ) == 1 else None

    def _lacking(self, node: Node) -> str | None:
        """None if an index narrows it; else a field whose index would, or an empty text."""
        operator, rest = node
        if isinstance(rest, str):
            if operator in _ITEMS:
                return None if rest in self._lists else rest
            if operator not in _NARROWING:
                return ""
            return None if rest in self._leading else rest
        if operator == "$not":
            return ""
        lacking = [self._lacking(part) for part in rest]
        if operator == "$or":
            return next((each for each in lacking if each is not None), None)
        return None if None in lacking else max(map(str, lacking), key=bool)

    def _unsorted(self, bound: dict[str, str], sort: tuple[Direction, ...]) -> QueryNotServed:
        named = {each.field.name: each.descending for each in sort[:-1]}
        held = [(name, False) for name in bound if name not in named]
        return self._refusal("No index has this order.", declared([*held, *named.items()]))

    def _refusal(self, reason: str, missing: str) -> QueryNotServed:
        return QueryNotServed(
            f"{reason} There are: {listed(self._declared)}. {missing} would serve it.",
            missing=missing,
            indexes=self._declared,
        )


def _keys(indexes: Sequence[IndexShape]) -> Iterator[_Key]:
    for index in indexes:
        if not index.many:
            parts = tuple((".".join(path), down) for path, down in index.parts)
            last = () if index.unique else (("id", parts[-1][1]),)
            yield _Key((*parts, *last), index.unique)


def _single_values(node: Node) -> Iterator[tuple[str, str]]:
    """Fields that have one value in all rows found, and how that is said."""
    operator, rest = node
    if isinstance(rest, str):
        if operator in _ONE_VALUE:
            yield rest, operator
    elif operator == "$and":
        for part in rest:
            yield from _single_values(part)


def _compared(node: Node) -> frozenset[str | None]:
    """The fields of which a filter asks for a value or a range; None for all that it asks else."""
    operator, rest = node
    if isinstance(rest, str):
        return frozenset((rest if operator in _RANGES else None,))
    if operator == "$and":
        return frozenset[str | None]().union(*map(_compared, rest))
    return frozenset((None,))
