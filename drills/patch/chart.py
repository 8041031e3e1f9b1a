"""A patch as a picture: a line for each group, from when it began to when it ran on the new one."""

from __future__ import annotations

from typing import Any

from drills.drawing import sheet, text
from drills.patch.report import THROUGH

WIDTH, ROW, LEFT, TOP = 900, 16, 60, 10


def chart(found: dict[str, Any]) -> str:
    """As SVG."""
    parts, first = found["parts"], found["begun"]
    whole = max(1.0, 60 * found["minutes"])
    scale = (WIDTH - LEFT - 20) / whole
    height = TOP + ROW * len(parts) + 30
    step = max(1, round(whole / 600))
    drawn = [text(LEFT + 60 * one * scale, height - 8, f"{one} min")
             for one in range(0, int(whole / 60) + 1, step)]  # fmt: skip
    for number, one in enumerate(parts):
        y, begun = TOP + ROW * number, one["begun"] - first
        ended = (one["settled"] or first + whole) - first
        colour = "#2e7d32" if one["state"] in THROUGH else "#c62828"
        bar = (
            f'<rect x="{LEFT + begun * scale:.1f}" y="{y + 2}" height="{ROW - 4}" '
            f'width="{max(2.0, (ended - begun) * scale):.1f}" fill="{colour}">'
            f"<title>{one['group']}: {one['state']}</title></rect>"
        )
        drawn += [text(10, y + 12, one["group"]), bar]
    return sheet(WIDTH, height, drawn)
