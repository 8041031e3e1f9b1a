"""What has to be written for what is stored to be as a file says: nothing, a part, or all."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from hanse.cli.imports.reading import Wanted
from hanse.runtime.errors import Violation

Verdict = Literal["created", "updated", "unchanged", "refused"]


class Change(msgspec.Struct, frozen=True):
    """What becomes of one row.

    Attributes:
        line: Where the row begins.
        key: What the entity is known by.
        verdict: What is done, or was.
        fields: Those that change, or are given to a new one.
        values: What is sent for it; empty where nothing is.
        violations: Why nothing is done, one for each rule.
    """

    line: int
    key: str
    verdict: Verdict
    fields: tuple[str, ...] = ()
    values: dict[str, Any] = {}
    violations: tuple[Violation, ...] = ()


def change(wanted: Wanted, stored: Any, missing: tuple[Violation, ...]) -> Change:
    """What to do for a row.

    Args:
        wanted: What the row says.
        stored: The entity of that key as it is; None if there is none.
        missing: What a new one would lack.
    """
    if wanted.violations or (stored is None and missing):
        return refused(wanted, wanted.violations or missing)
    if stored is None:
        return Change(wanted.line, wanted.key, "created", tuple(wanted.values), wanted.values)
    changed = {
        name: value for name, value in wanted.values.items() if getattr(stored, name) != value
    }
    if not changed:
        return Change(wanted.line, wanted.key, "unchanged")
    sent = {"id": stored.id, "revision": stored.revision, **changed}
    return Change(wanted.line, wanted.key, "updated", tuple(changed), sent)


def refused(row: Wanted | Change, violations: tuple[Violation, ...]) -> Change:
    """Nothing is done for this row."""
    return Change(row.line, row.key, "refused", violations=violations)


def repeated(wanted: Wanted, key: str, first: int) -> Change:
    """Nothing is done for a row whose key an earlier one has: which of them counts is a guess."""
    said = f"`{key}` {wanted.key} stands on line {first} already; keep one of them."
    return refused(wanted, (Violation(key, "unique", said),))
