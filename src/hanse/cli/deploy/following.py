"""What the terminal shows while a deployment goes its way: a line for each thing that happens."""

from __future__ import annotations

import sys
from time import monotonic
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.fleet.deployments.api import Shown
    from hanse.fleet.deployments.record import Moment

STAGE_WIDTH = 8
BAR = 20
WAITS_SECONDS = 10.0
"""Without anything new, after which it is said what it waits for; then after twice as long."""

CLEAR = "\r\x1b[2K"
_COLOURS = {"good": "green", "bad": "red", "undecided": "yellow"}


class Following:
    """Says what is new since the last look, and on a terminal also how far it is now.

    Args:
        begun: How it was in the beginning.
        quiet: Says nothing, because the output is for a program.
        clock: Seconds that never jump.
    """

    def __init__(
        self, begun: Shown, *, quiet: bool, clock: Callable[[], float] = monotonic
    ) -> None:
        self._quiet = quiet
        self._live = sys.stderr.isatty() and not quiet
        self._told = 0
        self._clock = clock
        self._news_at = clock()
        self._patience = WAITS_SECONDS
        if not quiet:
            what = begun.what or ", ".join(begun.services)
            click.echo(click.style(begun.name, bold=True) + f"  {what}", err=True)
        self.show(begun)

    def show(self, found: Shown) -> None:
        """How it is now."""
        if self._quiet:
            return
        for moment in found.moments[self._told :]:
            self._clear()
            click.echo(line_of(moment), err=True)
            self._news_at, self._patience = self._clock(), WAITS_SECONDS
        self._told = max(self._told, len(found.moments))
        self._say_why(found)
        if self._live and found.parts:
            click.echo(f"{CLEAR}  {found.says.splitlines()[0]}", nl=False, err=True)
        elif self._live and found.stage in {"canary", "group", "wave"} and found.rate:
            click.echo(f"{CLEAR}{progress_of(found)}", nl=False, err=True)

    def _say_why(self, found: Shown) -> None:
        """Where it goes on for long without anything new, what it waits for."""
        is_long = self._clock() - self._news_at > self._patience
        if is_long and found.says not in {one.says for one in found.moments}:
            self._news_at, self._patience = self._clock(), 2 * self._patience
            self._clear()
            click.secho(f"{' ' * (STAGE_WIDTH + 12)}{found.says}", dim=True, err=True)

    def end(self) -> None:
        """Leaves a clean line."""
        self._clear()

    def _clear(self) -> None:
        if self._live:
            click.echo(CLEAR, nl=False, err=True)


def line_of(moment: Moment) -> str:
    """A moment, for people."""
    colour = _COLOURS.get(moment.verdict.state) if moment.verdict else None
    when = moment.at.astimezone().strftime("%H:%M:%S")
    first, *rest = moment.says.splitlines() or [""]
    text = click.style(first, fg=colour)
    further = "".join(f"\n{' ' * (STAGE_WIDTH + 12)}{one}" for one in rest)
    return f"  {click.style(when, dim=True)}  {moment.stage:<{STAGE_WIDTH}}{text}{further}"


def progress_of(found: Shown) -> str:
    """How far the new release is, as a bar, and how long it may take."""
    full = round(BAR * found.canary)
    bar = "█" * full + "░" * (BAR - full)
    left = "" if found.more_s is None else f" · about {found.more_s:.0f} s to go"
    share = f"{100 * found.canary:.0f}" if found.canary >= 0.1 else f"{100 * found.canary:.1f}"
    whom = "principals" if found.flag else "requests"
    return f"  {found.stage:<8} {bar} {share} % of {found.rate:.0f} {whom}/s{left}"
