"""How many principals may draw a flag's new value next, by what is known of it so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hanse.fleet.deployments.judged.ramp import GROWTH_MAX, HARM_MAX, worst

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hanse.fleet.judge.verdict import Verdict

LEAST: Final = 0.001
"""Percent; a lot is no smaller."""

GOES_ON: Final = frozenset({"more_needed", "proven"})
"""Reasons of a verdict that speak for more: nothing is suspicious, missing or silent."""


def allowed(rate: float, react_seconds: float, requests: int, excess: float) -> float:
    """Percent of which `HARM_MAX` at most have a call fail before it is taken back.

    As for the share of a canary (`ramp.share`), with principals for requests.

    Args:
        rate: Principals a second who draw.
        react_seconds: From a draw to the moment when nobody has the value any more.
        requests: Principals who drew it and were watched to the end.
        excess: Of them, failures beyond those of the others.
    """
    harmed = rate * react_seconds * worst(requests, excess)
    return max(LEAST, min(100.0, 100 * HARM_MAX / harmed)) if harmed > 0 else 100.0


def first(steps: Sequence[float], most: float) -> float:
    """The first share: the first step, if so many are allowed."""
    return min(steps[0], most)


def following(steps: Sequence[float], now: float, most: float) -> float | None:
    """The share behind this one: the next step, or twice as many; None if fewer are allowed.

    Args:
        steps: All of them.
        now: Percent who draw it now.
        most: What is allowed.
    """
    step = next((one for one in steps if one > now), None)
    if step is None:
        return None
    wanted = min(step, GROWTH_MAX * now)
    return min(step, most) if most >= wanted else None


def may_go_on(verdict: Verdict) -> bool:
    """Whether a verdict speaks for more principals: some were watched to the end on both sides."""
    return verdict.reason in GOES_ON and verdict.canary_requests > 0 and verdict.twin_requests > 0
