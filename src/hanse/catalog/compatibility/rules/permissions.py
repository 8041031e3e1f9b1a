"""Who may call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.catalog.compatibility.finding import Hit, Rule
from hanse.runtime.identity.permission import PUBLIC, SIGNED_IN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hanse.runtime.contract.description import MethodDescription

PERMISSION_TIGHTENED = Rule(
    "permission_tightened", "Somebody may no longer call who might.",
    "Give those who call what will be asked of them first, and ask for it one release later.",
)  # fmt: skip
RULES = (PERMISSION_TIGHTENED,)


def permission_hits(
    place: str, before: MethodDescription, after: MethodDescription
) -> Iterator[Hit]:
    """Told where somebody was let in who is not any more."""
    shut_out = sorted(_missing(before.permission, after.permission))
    if shut_out:
        says = (
            f"was open to {before.permission}, and is to {after.permission}: {shut_out[0]} is out."
        )
        yield Hit(PERMISSION_TIGHTENED, place, says)


def _missing(before: str, after: str) -> set[str]:
    kinds, permissions = _let_in(before)
    now_kinds, now_permissions = _let_in(after)
    left = permissions if not now_kinds >= SIGNED_IN.kinds else frozenset[str]()
    return {f"kind:{one}" for one in kinds - now_kinds} | (left - now_permissions)


def _let_in(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Kinds of principals, and permissions, of a rule as `Rule` writes it."""
    for rule in (PUBLIC, SIGNED_IN):
        if text == str(rule):
            return frozenset(rule.kinds), frozenset()
    parts = [one for one in text.split(" | ") if one != "nobody"]
    kinds = (one.removeprefix("kind:") for one in parts if one.startswith("kind:"))
    return frozenset(kinds), frozenset(one for one in parts if not one.startswith("kind:"))
