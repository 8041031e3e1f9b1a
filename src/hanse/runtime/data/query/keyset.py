"""What comes after a row, as ranges that an index has one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.data.query.values import type_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hanse.runtime.data.query.order import Direction


def ranges_after(sort: Sequence[Direction], places: Sequence[int | None]) -> list[str]:
    """Conditions of which each row behind a place in the order meets one, and no other any.

    One condition with `or` in it would say the same, and the index would be read from its
    beginning for every page. Equal directions become one comparison of rows; what is absent
    needs ranges of its own, for it compares with nothing.

    Args:
        sort: The whole order, the id last.
        places: For each field the number of the parameter that holds its value in the row before,
            or None if it was absent there.
    """
    ranges: list[str] = []
    held: list[str] = []
    at = 0
    while at < len(sort):
        end = _run(sort, places, at)
        ranges += [" and ".join([*held, each]) for each in _behind(sort[at:end], places[at:end])]
        held += [_same(*each) for each in zip(sort[at:end], places[at:end], strict=True)]
        at = end
    return ranges


def _run(sort: Sequence[Direction], places: Sequence[int | None], at: int) -> int:
    """The end of what can be compared at once: of one direction, and with values."""
    end = at + 1
    if places[at] is not None:
        while (
            end < len(sort)
            and places[end] is not None
            and sort[end].descending == sort[at].descending
        ):
            end += 1
    return end


def _behind(run: Sequence[Direction], places: Sequence[int | None]) -> Iterator[str]:
    first = run[0]
    if places[0] is None:
        if not first.descending:
            yield f"{first.field.sql} is not null"
        return
    names = ", ".join(each.field.sql for each in run)
    values = ", ".join(_value(*each) for each in zip(run, places, strict=True))
    compared = "<" if first.descending else ">"
    yield f"({names}) {compared} ({values})"
    if first.descending:
        for number, (field, _) in enumerate(run):
            if field.nullable:
                same = map(_same, run[:number], places)
                yield " and ".join([*same, f"{field.sql} is null"])


def _same(direction: Direction, place: int | None) -> str:
    if place is None:
        return f"{direction.field.sql} is null"
    return f"{direction.field.sql} = {_value(direction, place)}"


def _value(direction: Direction, place: int | None) -> str:
    return f"${place}::{type_of(direction.field)}"
