"""The drill as a picture: requests a second at each gateway, failures red, what happened between lines."""

from __future__ import annotations

from typing import Any

from drills.drawing import line, sheet, text

WIDTH, HIGH, LEFT, TOP = 900, 90, 50, 24
GREEN, RED, GREY = "#2e7d32", "#c62828", "#9e9e9e"


def chart(found: dict[str, Any]) -> str:
    """As SVG."""
    seconds = found["seconds"]
    first = min(one["begun"] for one in found["phases"])
    last = max(at for rows in seconds.values() for at, _, _ in rows)
    most = max(number for rows in seconds.values() for _, number, _ in rows)
    begun = (
        last - max(one["ended"] for one in found["phases"]) + first
    )  # of the log, in its seconds
    x_of = (WIDTH - LEFT - 10) / max(1, last)
    parts: list[str] = []
    for one in found["phases"]:
        x = LEFT + x_of * max(0.0, begun + one["begun"] - first)
        parts += [
            line([(x, TOP - 6), (x, TOP + HIGH * len(seconds))], GREY),
            text(x + 3, TOP - 8, one["name"]),
        ]
    for place, (name, rows) in enumerate(seconds.items()):
        base = TOP + HIGH * (place + 1) - 10
        tall = (HIGH - 20) / max(1, most)
        parts += [
            text(8, base - 4, name),
            line([(LEFT + x_of * at, base - tall * number) for at, number, _ in rows], GREEN),
            line([(LEFT + x_of * at, base - tall * failed) for at, _, failed in rows], RED),
        ]
    return sheet(WIDTH, TOP + HIGH * len(seconds) + 10, parts)
