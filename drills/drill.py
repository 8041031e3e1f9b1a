"""What every drill is: a size, something that is done, and a report that follows from what that left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Drill(NamedTuple):
    """One of them.

    Attributes:
        size: How large it is if nothing is said: each field is an option.
        run: Does it, at a size, and leaves raw logs and figures in a folder.
        report: All figures, recomputed from such a folder; `met` says which goals are.
        page: These as Markdown.
        chart: These as SVG.
    """

    size: Any
    run: Callable[[Path, Any], None]
    report: Callable[[Path], dict[str, Any]]
    page: Callable[[dict[str, Any]], str]
    chart: Callable[[dict[str, Any]], str]


class Goal(NamedTuple):
    """What a figure is held to.

    Attributes:
        says: What it is, for people.
        how: `at most`, `below` or `at least`.
        figure: That.
    """

    says: str
    how: str
    figure: float

    def is_met(self, value: float) -> bool:
        """Whether a figure is as it should be."""
        if self.how == "at least":
            return value >= self.figure
        return value <= self.figure if self.how == "at most" else value < self.figure

    def row(self, value: float) -> str:
        """A row of the table of goals."""
        met = "met" if self.is_met(value) else "**missed**"
        return f"| {self.says} | {shown(value)} | {self.how} {shown(self.figure)} | {met} |"


def met(found: dict[str, Any], goals: dict[str, Goal]) -> dict[str, bool]:
    """Which goals are met."""
    return {name: goal.is_met(found[name]) for name, goal in goals.items()}


def rows(found: dict[str, Any], goals: dict[str, Goal]) -> str:
    """The table of goals, without its head."""
    return "\n".join(goal.row(found[name]) for name, goal in goals.items())


def shown(value: float) -> str:
    """A figure as people read it."""
    return f"{value:.3g}" if isinstance(value, float) else f"{value:,}"
