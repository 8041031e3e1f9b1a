"""Files as entities refer to them: like to another entity, whose table the host has."""

from __future__ import annotations

import hashlib
from uuid import UUID

import msgspec

from hanse.runtime.contract.file import File
from hanse.runtime.data.entity.model import EntityModel

FILES = EntityModel(File, "hanse.file", "file", "soft")
"""What is hidden cannot be referred to; see `data/files/tables.py`."""

_encode = msgspec.json.Encoder().encode


def mark_of(file: File) -> UUID:
    """The key of a file's row, of all that a File says: who finds it has one that is true."""
    return UUID(bytes=hashlib.sha256(_encode(file)).digest()[:16])
