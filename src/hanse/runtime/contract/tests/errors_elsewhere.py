"""Errors of another module, with annotations that are only text there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from hanse import Struct
from hanse.runtime.errors import FailedPrecondition, HanseError


class Full(FailedPrecondition):
    code = "full"
    title = "Full"
    limit: int
    place: Place | None = None
    counts: Mapping[str, int] = {}
    seen: ClassVar[int] = 0


class Fuller(Full):
    code = "fuller"
    by: int = 1


class Rootless(HanseError):
    code = "rootless"
    why: str = ""


class Place(Struct, frozen=True):
    """Where, told below who mentions it."""

    row: int
