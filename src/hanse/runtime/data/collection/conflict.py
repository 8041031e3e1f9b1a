"""What goes wrong with one entity, as the errors a caller sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.errors import Aborted, AlreadyExists, InvalidArgument, Violation

if TYPE_CHECKING:
    from collections.abc import Sequence


class RevisionConflict(Aborted):
    """Somebody else wrote it meanwhile: read it again, and decide anew.

    Attributes:
        given: The revision that the caller had read.
        current: The one it has now.
    """

    code = "revision_conflict"
    title = "Changed meanwhile"
    given: int
    current: int


class Duplicate(AlreadyExists):
    """Another one of the site has what no two may share.

    Attributes:
        duplicate_fields: The fields whose values, together, another one has.
    """

    code = "duplicate"
    title = "Taken"
    duplicate_fields: tuple[str, ...]


def revision_conflict(given: int, current: int) -> RevisionConflict:
    """The error in words."""
    return RevisionConflict(
        f"It is at revision {current} and no longer at {given}; read it again and decide anew.",
        given=given,
        current=current,
    )


def duplicate(noun: str, fields: tuple[str, ...]) -> Duplicate:
    """The error in words."""
    named = " and ".join(f"`{field}`" for field in fields)
    return Duplicate(f"There is a {noun} with this {named} already.", duplicate_fields=fields)


def violated(field: str, rule: str, message: str) -> InvalidArgument:
    """The error that one value of a request breaks a rule."""
    return all_violated([Violation(field, rule, message)])


def all_violated(violations: Sequence[Violation]) -> InvalidArgument:
    """The error that values of a request break rules."""
    return InvalidArgument(violations[0].message, violations=tuple(violations))


def immutable(fields: Sequence[str]) -> InvalidArgument:
    """The error that some fields would have changed, and never do."""
    return all_violated(
        [
            Violation(name, "immutable", f"`{name}` is set when it is created, and never changed.")
            for name in fields
        ]
    )


def unset(path: str) -> InvalidArgument:
    """The error that a part of a struct is given, of which nothing is there."""
    message = f"Nothing is stored at `{path}` yet; give all of it that has no default."
    return violated(path, "whole", message)
