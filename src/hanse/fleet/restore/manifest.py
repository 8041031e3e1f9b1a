"""Compares the files of a base with what PostgreSQL wrote down of them when it gave them.

As pg_verifybackup does, whose build in the packages Hanse uses does not start.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.state import telling

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST = "backup_manifest"
FAULTS_MAX = 5
_OWN = b'"Manifest-Checksum"'


class _File(msgspec.Struct, frozen=True, rename={"size": "Size", "checksum": "Checksum"}):
    size: int
    checksum: str
    path: str = msgspec.field(name="Path", default="")
    encoded: str = msgspec.field(name="Encoded-Path", default="")

    @property
    def name(self) -> str:
        return self.path or bytes.fromhex(self.encoded).decode(errors="surrogateescape")


class _Manifest(msgspec.Struct, frozen=True):
    files: tuple[_File, ...] = msgspec.field(name="Files")
    checksum: str = msgspec.field(name="Manifest-Checksum")


def faults(data: Path) -> list[str]:
    """What of a base is not as it was taken, some of it; empty if all is.

    Raises:
        StateError: A file cannot be read.
    """
    with telling(data):
        try:
            text = (data / MANIFEST).read_bytes()
            manifest = msgspec.json.decode(text, type=_Manifest)
        except (FileNotFoundError, msgspec.MsgspecError):
            return [f"{MANIFEST} is missing or cut short"]
        own = hashlib.sha256(text[: text.rindex(_OWN)]).hexdigest()
        found = [] if own == manifest.checksum else [f"{MANIFEST} is changed"]
        for file in manifest.files:
            found += _faults_of(file, data / file.name)
            if len(found) >= FAULTS_MAX:
                break
        return found


def _faults_of(file: _File, path: Path) -> list[str]:
    try:
        with path.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
            size = opened.tell()
    except FileNotFoundError:
        return [f"{file.name} is missing"]
    if size == file.size and digest == file.checksum:
        return []
    return [f"{file.name} is changed"]
