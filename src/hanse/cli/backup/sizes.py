"""Sizes as one would say them."""

from __future__ import annotations


def size(number: int) -> str:
    """`812 B`, `3.5 MB`, `1.2 GB`."""
    for unit, one in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= one:
            return f"{number / one:.1f} {unit}"
    return f"{number} B"
