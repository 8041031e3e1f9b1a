"""One line of a benchmark: our value beside a peer's, the goal, and whether it was met."""

from __future__ import annotations

from typing import Literal, TypedDict

import msgspec

Better = Literal["higher", "lower"]
LIMIT = "limit"


class ResultLine(TypedDict):
    """What `--json` prints for one result."""

    metric: str
    value: float | None
    unit: str
    peer: str
    peer_value: float | None
    ratio: float | None
    goal: float | None
    met: bool | None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One comparison. `ratio` and `met` are always computed, never given.

    Attributes:
        metric: What was measured, e.g. `requests_per_second`.
        unit: Unit of both values, e.g. `1/s`, `us`, `ms`, `MB`.
        better: Whether more or less of it is good; decides which way the ratio is read.
        value: Hanse's figure, None while it was not measured.
        peer: Name of the peer, or `limit` where the goal is a fixed bound.
        peer_value: The peer's figure, or the bound.
        goal: Least ratio that counts as met, None where the line is only information.
    """

    metric: str
    unit: str
    better: Better
    value: float | None
    peer: str
    peer_value: float | None
    goal: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times better Hanse is than the peer; below 1 it is worse."""
        if not self.value or not self.peer_value:
            return None
        if self.better == "higher":
            return self.value / self.peer_value
        return self.peer_value / self.value

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached. A goal nobody measured is missed; no goal is None."""
        if self.goal is None:
            return None
        return self.ratio is not None and self.ratio >= self.goal

    def line(self) -> ResultLine:
        """The result as published, rounded to four significant digits after `met` is known."""
        return {
            "metric": self.metric,
            "value": _rounded(self.value),
            "unit": self.unit,
            "peer": self.peer,
            "peer_value": _rounded(self.peer_value),
            "ratio": _rounded(self.ratio),
            "goal": self.goal,
            "met": self.met,
        }


def limit(metric: str, unit: str, *, value: float | None, at_most: float) -> Result:
    """A result whose goal is a fixed upper bound instead of a peer."""
    return Result(
        metric=metric,
        unit=unit,
        better="lower",
        value=value,
        peer=LIMIT,
        peer_value=at_most,
        goal=1.0,
    )


def _rounded(number: float | None) -> float | None:
    return None if number is None else float(f"{number:.4g}")
