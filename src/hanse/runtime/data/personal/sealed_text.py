"""What stands in a document for a sealed value: one JSON text, or an object where files are in it.

    "~" token "." mark "." sealed

The token, of 22 characters or none, is what queries compare. The mark says by which key it was
sealed: whoever is erased and comes back has another one. The empty text and null stand as they are,
for they say nothing. Files have to be found by whoever clears up, so their ids stand beside:

    {"~": "~.mark.sealed", "files": [{"id": "file_…"}]}
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from hanse.runtime.data.entity.stored_file import files_in

if TYPE_CHECKING:
    from uuid import UUID

    from hanse.runtime.data.personal.subject_key import SubjectKey

PATTERN = r"~([A-Za-z0-9_-]{22})?[.][A-Za-z0-9_-]{11}[.][A-Za-z0-9_-]{39,}"
"""For Python and for PostgreSQL: a mark of 8 bytes; a nonce, a tag and a byte at least."""

STORED = rf'^$|^({{"~": ")?{PATTERN}'
"""What PostgreSQL gives as text of all that is sealed, or is as it stands."""

LOOKS_SEALED = re.compile(rf'"{PATTERN}"'.encode())
"""Finds in JSON what a reader would take for sealed; nobody may write such a text."""

OBJECT = "~"
"""The first member of what files are in; no name of a field is like it."""

_SEALED = re.compile(PATTERN.encode())
_START = b'"~'
_OBJECT_START = b'{"~"'
_encode = msgspec.json.Encoder().encode
_read_text = msgspec.json.Decoder(str).decode


class Place(NamedTuple):
    """The row that a document is of."""

    site: str
    table: str
    uuid: UUID

    def bound(self, path: tuple[str, ...]) -> bytes:
        """Holds a sealed value where it is: no other row, field, table or site opens it."""
        return _encode((self.site, self.table, self.uuid.hex, path))


class SealedText(NamedTuple):
    """A sealed value, read.

    Attributes:
        token: What it is found by; empty if by nothing.
        mark: Of its key.
        sealed: What the key opens.
    """

    token: str
    mark: bytes
    sealed: str


def read_sealed(value: bytes) -> SealedText | None:
    """The sealed value that stands in some JSON; None for what stands there in clear."""
    if value.startswith(_OBJECT_START):
        value = bytes(msgspec.json.decode(value, type=dict[str, msgspec.Raw])[OBJECT])
    if not value.startswith(_START) or not _SEALED.fullmatch(value, 1, len(value) - 1):
        return None
    token, mark, sealed = value[2:-1].decode().split(".")
    return SealedText(token, base64.urlsafe_b64decode(f"{mark}="), sealed)


def write_sealed(key: SubjectKey, plain: bytes, bound: bytes, token: str = "") -> bytes:
    """Some JSON as what stands for it, JSON too.

    Args:
        key: By which it is sealed.
        plain: The JSON of the value.
        bound: Where it stands.
        token: What it is found by.
    """
    mark = base64.urlsafe_b64encode(key.mark).decode().rstrip("=")
    return f'"~{token}.{mark}.{key.seal(plain, bound)}"'.encode()


def with_files(text: bytes, plain: bytes) -> bytes:
    """A sealed value beside the ids of the files in it."""
    files = [{"id": one.id} for one in files_in(msgspec.json.decode(plain))]
    return _encode({OBJECT: msgspec.Raw(text), "files": files})


def says_nothing(value: bytes) -> bool:
    """Whether some JSON is null or the empty text, which stand as they are."""
    return value in (b"null", b'""')


def text_in(value: bytes) -> str:
    """The text that some JSON is; empty if it is none."""
    return _read_text(value) if value.startswith(b'"') else ""
