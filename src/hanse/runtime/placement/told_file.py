"""A file that somebody replaces whole, and whoever is told by it looks at again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")


def read_told(file: Path, kind: type[T], bytes_max: int) -> T:
    """What it says, as JSON of that kind.

    Raises:
        OSError: It cannot be read.
        ValueError: It is too long, or says something else.
    """
    with file.open("rb") as opened:
        raw = opened.read(bytes_max + 1)
    if len(raw) > bytes_max:
        raise ValueError(f"it is longer than {bytes_max} bytes")
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from error
