"""When a failed request may be sent again."""

from __future__ import annotations

BUDGET_MAX = 10.0
EARNED_PER_CALL = 0.1

TRIES_MAX = 3


class RetryBudget:
    """Lets retries be a tenth of all calls at most, so that they cannot double a sick peer's load.

    Each call earns a tenth of a retry, up to ten in hand (as in gRPC's retry throttling, gRFC A6).
    """

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = BUDGET_MAX

    def earn(self) -> None:
        self._left = min(BUDGET_MAX, self._left + EARNED_PER_CALL)

    def spend(self) -> bool:
        """Takes one retry out of the budget, if there is one."""
        if self._left < 1:
            return False
        self._left -= 1
        return True
