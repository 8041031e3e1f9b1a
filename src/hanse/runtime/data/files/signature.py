"""Addresses that open one file of one site, for a while, to whoever has them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING
from urllib.parse import quote

from hanse.runtime.data.personal.subject_key import BrokenSeal, SubjectKey

if TYPE_CHECKING:
    from hanse.runtime.contract.file import File
    from hanse.runtime.data.database import Database

KEY_BYTES = 32

_MAKE = "insert into hanse.file_key (single, key) values (true, $1) on conflict do nothing"
_READ = "select key from hanse.file_key"


async def read_key(database: Database) -> bytes:
    """The key that all hosts of a database sign with; made by the first of them.

    Raises:
        HanseError: The database is away.
    """
    await database.execute(_MAKE, secrets.token_bytes(KEY_BYTES))
    row = await database.fetch_row(_READ)
    assert row is not None
    return row["key"]


def signed_query(key: bytes, site: str, file: File, end: int) -> str:
    """What stands behind the `?` of an address that holds until a Unix second.

    What the file is called stands there as well, sealed: nobody else is asked for it.
    """
    name = _names(key).seal(file.name.encode(), _said(site, file.id, end))
    return (
        f"site={quote(site, safe='')}&end={end}&name={name}"
        f"&signature={signature(key, site, file.id, end)}"
    )


def name_in(key: bytes, site: str, file_id: str, end: int, given: str) -> str:
    """What a file is called by its address; empty where that does not say it."""
    try:
        return _names(key).open(given, _said(site, file_id, end)).decode()
    except BrokenSeal:
        return ""


def signature(key: bytes, site: str, file_id: str, end: int) -> str:
    """What nobody can write who does not have the key; lengths keep one value from another."""
    digest = hmac.new(key, _said(site, file_id, end), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def is_signed(key: bytes, site: str, file_id: str, end: int, given: str) -> bool:
    """Whether a signature is ours, in time that does not depend on where it is wrong."""
    return hmac.compare_digest(signature(key, site, file_id, end).encode(), given.encode())


def _said(site: str, file_id: str, end: int) -> bytes:
    return f"{len(site)}:{site}{len(file_id)}:{file_id}{end}".encode()


def _names(key: bytes) -> SubjectKey:
    return SubjectKey(hmac.digest(key, b"hanse file name", "sha256"))
