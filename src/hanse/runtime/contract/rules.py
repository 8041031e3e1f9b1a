"""Rules a value can carry in its annotation, under names that read well in a signature."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

Instant = Annotated[datetime, Meta(tz=True)]
"""A moment: a datetime that has a zone, without which nobody can say which of two is later."""


def Length(minimum: int = 0, maximum: int | None = None) -> Meta:  # noqa: N802 - reads as a type
    """Bounds the length of a string, bytes, tuple or map, both ends included.

    It stands in a type: `Annotated[str, Length(1, 100)]`.
    """
    return Meta(min_length=minimum or None, max_length=maximum)


def Range(  # noqa: N802 - reads as a type
    minimum: float | None = None, maximum: float | None = None
) -> Meta:
    """Bounds a number, both ends included."""
    return Meta(ge=minimum, le=maximum)


def Pattern(expression: str) -> Meta:  # noqa: N802 - reads as a type
    r"""Asks a string to match a regular expression anywhere, as a whole between `^` and `$`."""
    return Meta(pattern=expression)


def Doc(text: str) -> Meta:  # noqa: N802 - reads as a type
    """Says what a field is for, in OpenAPI and on the docs page."""
    return Meta(description=text)
