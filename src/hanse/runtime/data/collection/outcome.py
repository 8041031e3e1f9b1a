"""What is told of many entities at once."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from hanse.runtime.data.entity.entity import Entity
from hanse.runtime.data.entity.part import Part
from hanse.runtime.errors import HanseError, InvalidArgument, Violation

T = TypeVar("T")
E = TypeVar("E", bound=Entity)


class Page(msgspec.Struct, Generic[T], frozen=True):
    """A part of what a query finds.

    Attributes:
        items: In the order asked for.
        next_cursor: To be given back for what follows; empty at the end.
    """

    items: tuple[T, ...]
    next_cursor: str = ""


class Parts(msgspec.Struct, Generic[E], frozen=True):
    """A part of what a query finds, and of each what was asked for.

    Attributes:
        items: In the order asked for.
        next_cursor: To be given back for what follows; empty at the end.
    """

    items: tuple[Part[E], ...]
    next_cursor: str = ""


class Batch(msgspec.Struct, Generic[T], frozen=True):
    """What was asked for by id.

    Attributes:
        items: Those that are there, in the order they were asked for.
        missing: Ids of the others.
    """

    items: tuple[T, ...]
    missing: tuple[str, ...] = ()


class Count(msgspec.Struct, frozen=True):
    """How many there are.

    Attributes:
        count: So many, or so many at least.
        more: Whether there are more than that.
    """

    count: int
    more: bool = False


class Failure(msgspec.Struct, frozen=True):
    """Why nothing was done for one of many.

    Attributes:
        code: As the error would have it, if it had been alone.
        detail: A sentence for people.
        violations: The rules it broke.
    """

    code: str
    detail: str
    violations: tuple[Violation, ...] = ()


class Outcome(msgspec.Struct, Generic[T], frozen=True):
    """What became of one of many: one of the two is set, or none where it was deleted.

    Attributes:
        item: As it is stored now.
        error: Why nothing was done.
    """

    item: T | None = None
    error: Failure | None = None


class Outcomes(msgspec.Struct, Generic[T], frozen=True):
    """What became of many, each by itself.

    Attributes:
        results: One for each that was given, in the same order.
    """

    results: tuple[Outcome[T], ...]


def failure_of(error: HanseError) -> Failure:
    """An error as a part of an answer."""
    violations = error.violations if isinstance(error, InvalidArgument) else ()
    return Failure(error.code, str(error), violations)
