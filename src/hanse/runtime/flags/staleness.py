"""Which flags are to be taken out of the code, and why."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from msgspec import UNSET

from hanse.runtime.flags.ruling import PERCENT, Audience

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hanse.runtime.flags.changes import Ruled
    from hanse.runtime.flags.declaration import Declaration
    from hanse.runtime.flags.ruling import Ruling

SETTLED = timedelta(days=30)
"""How long one value may hold for everybody before nobody needs to ask for it any more."""


def why_stale(declared: Declaration | None, ruled: Ruled | None, today: date) -> Iterator[str]:
    """Sentences that say why a flag is stale; none if it is not.

    Args:
        declared: What the code says of it; None if it says nothing.
        ruled: What operators said; None if that is nothing.
        today: By the business clock.
    """
    if declared is None:
        if ruled is not None and ruled.ruling is not None and not ruled.ruling.off:
            yield "it is ruled, and no code here declares it"
        return
    if declared.until is None:
        return
    if declared.until < today:
        yield f"its last day was {declared.until}"
    if ruled is None or ruled.ruling is None:
        return
    since = ruled.change_time.date()
    if is_settled(ruled.ruling) and since + SETTLED <= today:
        yield f"all have had one value since {since}"


def is_settled(ruling: Ruling) -> bool:
    """Whether everybody has one value."""
    if ruling.off:
        return True
    first = ruling.rules[0] if ruling.rules else None
    if first is None or first.audience != Audience():
        return False
    return first.value is not UNSET or any(one.percent == PERCENT for one in first.shares)
