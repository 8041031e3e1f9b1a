"""How a query is refused: it is wrong, or no index serves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.errors import FailedPrecondition, InvalidArgument, Violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SHOWN_MAX = 60
"""Characters of what was given that an error repeats."""
PLACE_MAX = 200
VIOLATIONS_MAX = 20


NO_ORDER = (
    "is kept sealed, so that its order is not known; Personal(…, sealed=False) at the field would "
    "keep it in clear."
)
NOT_FOUND_BY = (
    "is kept sealed and found by nothing; Searchable() at the field would have it be found by what "
    "equals it."
)


class QueryNotServed(FailedPrecondition):
    """No index serves a query, and it would have to read everything.

    Attributes:
        missing: What would serve it, as its entity would declare it: `Index("status", "-age")`.
        indexes: What the collection has, written alike.
    """

    code = "query_not_served"
    missing: str
    indexes: tuple[str, ...]


class WrongValueError(Exception):
    """A value does not fit; it becomes a violation where its place is known."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message


class Violations:
    """Collects what is wrong with one query, so that it is said at once, if it is not too much."""

    def __init__(self) -> None:
        self.found: list[Violation] = []

    def add(self, place: str, rule: str, message: str) -> None:
        if len(self.found) < VIOLATIONS_MAX:
            place = place[:PLACE_MAX]
            self.found.append(Violation(place, rule, f"`{place}`: {message}"))

    def raise_any(self) -> None:
        """Raises InvalidArgument if there is one."""
        if self.found:
            first = self.found[0].message
            others = f" (and {len(self.found) - 1} more)" if self.found[1:] else ""
            raise InvalidArgument(f"{first}{others}", violations=tuple(self.found))


def listed(names: Iterable[str]) -> str:
    """Names as a sentence has them."""
    return ", ".join(names) or "none"


def shown(given: object) -> str:
    """What was given, short enough for an error."""
    try:
        text = repr(given)
    except ValueError:  # an integer of thousands of digits
        return f"a huge {type(given).__name__}"
    return text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}…"


def declared(parts: Sequence[tuple[str, bool]]) -> str:
    """An index as an entity declares it."""
    names = (f'"{"-" if descending else ""}{name}"' for name, descending in parts)
    return f"Index({', '.join(names)})"
