"""Files as entities refer to them: like to another entity, whose table the host has."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import msgspec

from hanse.kit.type_id import parse_type_id
from hanse.runtime.contract.file import File
from hanse.runtime.data.entity.model import EntityModel

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = EntityModel(File, "hanse.file", "file", "soft")
"""What is hidden cannot be referred to; see `data/files/tables.py`."""

_encode = msgspec.json.Encoder().encode


def mark_of(file: File) -> UUID:
    """The key of a file's row, of all that a File says: who finds it has one that is true."""
    return UUID(bytes=hashlib.sha256(_encode(file)).digest()[:16])


def files_in(value: Any) -> Iterator[File]:
    """What stands in plain JSON as a file with all that a File says.

    An id alone refers to nothing: anybody can write one into a map of texts.
    """
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        if (file := _file(members)) is not None:
            yield file
        for one in members.values():
            yield from files_in(one)
    elif isinstance(value, list):
        for one in cast("list[Any]", value):
            yield from files_in(one)


def _file(members: dict[str, Any]) -> File | None:
    try:
        file = msgspec.convert(members, File)
        prefix, _ = parse_type_id(file.id)
    except (msgspec.ValidationError, ValueError):
        return None
    return file if prefix == FILES.prefix else None
