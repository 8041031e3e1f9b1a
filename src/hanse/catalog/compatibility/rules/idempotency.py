"""What may be repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.catalog.compatibility.finding import Hit, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hanse.runtime.contract.description import MethodDescription

IDEMPOTENCY_LOST = Rule(
    "idempotency_lost", "A repeat did no harm, and does now, and callers repeat.",
    "Keep it so that a repeat does no harm; what is otherwise is a method of another name.",
)  # fmt: skip
RULES = (IDEMPOTENCY_LOST,)


def idempotency_hits(
    place: str, before: MethodDescription, after: MethodDescription
) -> Iterator[Hit]:
    """Told where callers repeat what they no longer may."""
    if before.idempotent and not after.idempotent:
        says = (
            "is idempotent no more: callers of the older release repeat it when they get no answer."
        )
        yield Hit(IDEMPOTENCY_LOST, place, says)
