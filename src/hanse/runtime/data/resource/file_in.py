"""Finds one of the files in an entity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.data.entity.references import referred
from hanse.runtime.errors import NotFound

if TYPE_CHECKING:
    from hanse.runtime.contract.file import File
    from hanse.runtime.data.entity.entity import Entity

TOLD_MAX = 20


def file_in(item: Entity, field: str) -> File:
    """The file at a place, like `pages[2]`.

    Raises:
        NotFound: There is none at it.
    """
    found = {one.path: one.file for one in referred(item) if one.file is not None}
    if field in found:
        return found[field]
    there = ", ".join([*found][:TOLD_MAX]) or "none"
    raise NotFound(f"There is no file at `{field[:100]}`; there are: {there}.")
