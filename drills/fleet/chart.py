"""A fleet as a picture: requests a second and their latency over time."""

from __future__ import annotations

from typing import Any

from drills.drawing import line, sheet, text

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 900, 320, 60, 80, 20, 40
BLUE, ORANGE, GREY = "#1565c0", "#ef6c00", "#e0e0e0"


def chart(found: dict[str, Any]) -> str:
    """As SVG, readable on any ground."""
    rows = found["over_time"][:-1] or found["over_time"]  # the last one is not whole
    whole = max(rows[-1][0], found["deployment"][1], 1.0)
    most = max(1.2 * found["size"]["rate"], *(row[1] for row in rows))
    slow = max(10.0, 1.2 * max(row[2] for row in rows))
    steps = range(0, int(whole) + 1, max(1, round(whole / 60)) * 10)
    return sheet(
        WIDTH,
        HEIGHT,
        [
            _shade(*(_x(at, whole) for at in found["deployment"])),
            line([(_x(row[0], whole), _y(row[1] / most)) for row in rows], BLUE),
            line([(_x(row[0], whole), _y(row[2] / slow)) for row in rows], ORANGE),
            line([(LEFT, _y(0)), (WIDTH - RIGHT, _y(0))], "black"),
            *(text(10, _y(part) + 4, f"{most * part:,.0f}/s") for part in (0.0, 0.5, 1.0)),
            *(
                text(WIDTH - RIGHT + 6, _y(part) + 4, f"{slow * part:,.0f} ms")
                for part in (0.0, 0.5, 1.0)
            ),
            *(text(_x(at, whole), HEIGHT - 12, f"{at} s") for at in steps),
        ],
    )


def _shade(begun: float, ended: float) -> str:
    return (
        f'<rect x="{begun:.1f}" y="{TOP}" width="{ended - begun:.1f}" '
        f'height="{HEIGHT - TOP - BOTTOM}" fill="{GREY}"><title>deployment</title></rect>'
    )


def _x(at: float, whole: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * at / whole


def _y(part: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * part
