"""By which errors a method ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.catalog.compatibility.finding import Hit, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hanse.runtime.contract.description import ErrorDescription, MethodDescription

ERROR_REMOVED = Rule(
    "error_removed", "Callers decide on a code that no longer comes.",
    "Declare it on as long as somebody decides on it; a code that is renamed is one taken away.",
)  # fmt: skip
ERROR_CHANGED = Rule(
    "error_changed", "An error is of another kind, or has another status.",
    "Leave it, and declare another error of another code.",
)  # fmt: skip
RULES = (ERROR_REMOVED, ERROR_CHANGED)


def removed_error_hits(
    place: str, before: MethodDescription, after: MethodDescription
) -> Iterator[Hit]:
    """Told of errors that a method no longer ends with."""
    for code in before.errors:
        if code not in after.errors:
            says = "is declared no more, and callers decide on it."
            yield Hit(ERROR_REMOVED, f"{place} error {code}", says)


def changed_error_hits(
    place: str, before: ErrorDescription, after: ErrorDescription
) -> Iterator[Hit]:
    """Told of an error that is another kind of failure now."""
    if (before.kind, before.status) != (after.kind, after.status):
        says = f"was {before.kind} ({before.status}), and is {after.kind} ({after.status})."
        yield Hit(ERROR_CHANGED, place, says)
