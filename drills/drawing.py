"""Pieces of charts, as SVG that is readable on any ground."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def sheet(width: int, height: int, parts: Iterable[str]) -> str:
    """A whole picture of these parts."""
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"',
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    return "\n".join([*head, *parts, "</svg>", ""])


def text(x: float, y: float, words: str) -> str:
    """Words that begin there."""
    return f'<text x="{x:.0f}" y="{y:.0f}" fill="black">{words}</text>'


def line(points: Sequence[tuple[float, float]], colour: str) -> str:
    """From one point to the next."""
    told = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{told}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
