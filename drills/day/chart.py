"""A day as a picture: each deployment is a bar, each service a line."""

from __future__ import annotations

from typing import Any

from drills.day.report import is_taken_back
from drills.drawing import sheet, text

WIDTH, ROW, LEFT, TOP = 900, 26, 50, 10
COLOURS = {"good": "#2e7d32", "back": "#c62828", "passed": "#ef6c00", "undecided": "#9e9e9e"}


def chart(found: dict[str, Any]) -> str:
    """As SVG, readable on any ground."""
    rows = found["rows"]
    services = sorted({row["service"] for row in rows})
    first = min((row["begun"] for row in rows), default=0.0)
    whole = max((row["ended"] for row in rows), default=1.0) - first
    scale = (WIDTH - LEFT - 10) / whole
    height = TOP + ROW * len(services) + 30
    lines = {service: TOP + ROW * number for number, service in enumerate(services)}
    minutes = range(0, int(whole / 60) + 1, max(1, round(whole / 600)))
    parts = [
        *(text(10, y + 17, service) for service, y in lines.items()),
        *(_bar(row, LEFT + (row["begun"] - first) * scale, lines, scale) for row in rows),
        *(text(LEFT + 60 * one * scale, height - 8, f"{one} min") for one in minutes),
    ]
    return sheet(WIDTH, height, parts)


def _bar(row: dict[str, Any], x: float, lines: dict[str, int], scale: float) -> str:
    wide = max(2.0, (row["ended"] - row["begun"]) * scale - 1)
    frame = ' stroke="black"' if row["fault"] else ""
    title = f"{row['fault'] or 'good'}: {row['state']}, {row['harm']} failed"
    return (
        f'<rect x="{x:.1f}" y="{lines[row["service"]] + 4}" width="{wide:.1f}" '
        f'height="{ROW - 8}" fill="{_colour(row)}"{frame}><title>{title}</title></rect>'
    )


def _colour(row: dict[str, Any]) -> str:
    if is_taken_back(row):
        return COLOURS["back"]
    if row["state"] == "aborted":
        return COLOURS["undecided"]
    return COLOURS["passed" if row["fault"] else "good"]
