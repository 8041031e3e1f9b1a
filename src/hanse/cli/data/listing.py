"""Rows for people: a line each where that fits, else a line a value, so that ids stay whole."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import click
from rich.cells import cell_len

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

BETWEEN = "  "


def echo_rows(
    titles: Sequence[str], rows: Iterable[Sequence[str]], right: Collection[str] = ()
) -> None:
    """Prints rows below their titles; where nobody looks, a line a row, however long.

    Args:
        titles: Of the columns; by the first one a row is known.
        rows: What stands in them.
        right: Titles of numbers, which end below each other.
    """
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    for line in drawn(titles, rows, right, width=width):
        click.echo(line)


def drawn(
    titles: Sequence[str], rows: Iterable[Sequence[str]], right: Collection[str], *, width: int
) -> list[str]:
    """The lines, none of them broken; `width` is 0 where there is no end of them."""
    cells = [[_plain(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(titles, *cells, strict=True)]
    if width and sum(widths) + len(BETWEEN) * (len(widths) - 1) > width:
        return [line for row in cells for line in _below_each_other(titles, row)]
    sides = ["right" if title in right else "left" for title in titles]
    lines = [BETWEEN.join(map(_padded, row, widths, sides)).rstrip() for row in (titles, *cells)]
    return [click.style(lines[0], dim=True), *lines[1:]]


def _below_each_other(titles: Sequence[str], row: Sequence[str]) -> list[str]:
    widest = max(map(len, titles))
    named = zip(titles[1:], row[1:], strict=True)
    return [row[0], *(f"  {title:<{widest}}{BETWEEN}{cell}" for title, cell in named if cell)]


def _padded(cell: str, width: int, side: str) -> str:
    room = " " * (width - cell_len(cell))
    return room + cell if side == "right" else cell + room


def _plain(cell: str) -> str:
    """Without what moves the cursor or ends the line: keys and errors are other people's words."""
    return "".join(one if one.isprintable() else " " for one in cell)
