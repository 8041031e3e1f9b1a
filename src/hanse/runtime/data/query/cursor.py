"""Where a page ended, as text that only the same query takes."""

from __future__ import annotations

import base64
import binascii
import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

import msgspec

from hanse.runtime.data.query.refusal import WrongValueError
from hanse.runtime.data.query.values import bound, storable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hanse.runtime.data.query.fields import Field
    from hanse.runtime.data.query.order import Direction

VERSION = 1
LENGTH_MAX = 12_000
"""Characters: four texts of 500 characters, of four bytes each, and what stands around them."""
DIGEST_BYTES = 8

_Plain: TypeAlias = "bool | int | float | str | None"


class _Cursor(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: int
    digest: bytes
    values: tuple[_Plain, ...]


_ENCODER = msgspec.msgpack.Encoder(enc_hook=str)
_DECODER = msgspec.msgpack.Decoder(_Cursor)


def digest_of(identity: tuple[Any, ...]) -> bytes:
    """What tells one query from another; it keeps no secret."""
    return hashlib.blake2b(_ENCODER.encode(identity), digest_size=DIGEST_BYTES).digest()


def write_cursor(digest: bytes, values: Sequence[Any]) -> str:
    """A cursor behind a row.

    Args:
        digest: Of the query.
        values: What the row has in the fields of the order, as the database gave it.
    """
    plain = tuple(_plain(value) for value in values)
    packed = _ENCODER.encode(_Cursor(VERSION, digest, plain))
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def read_cursor(text: str, digest: bytes, sort: Sequence[Direction]) -> list[Any]:
    """What the row before has in the fields of an order, as the statement is given it.

    Raises:
        WrongValueError: It is no cursor, or one of another query.
    """
    cursor = _decoded(text)
    if cursor is None or cursor.version != VERSION or len(cursor.digest) != DIGEST_BYTES:
        raise _broken()
    if cursor.digest != digest:
        message = "it is the cursor of another query; keep filter and sort, or begin without it."
        raise WrongValueError("same query", message)
    try:
        return [_bound(each.field, one) for each, one in zip(sort, cursor.values, strict=True)]
    except (WrongValueError, ValueError):
        raise _broken() from None


def _decoded(text: str) -> _Cursor | None:
    if len(text) > LENGTH_MAX:
        return None
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return _DECODER.decode(packed)
    except (binascii.Error, ValueError, msgspec.DecodeError, RecursionError):
        return None


def _plain(value: Any) -> _Plain:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def _bound(field: Field, value: _Plain) -> Any:
    if value is None:
        if not field.nullable:
            raise _broken()
        return None
    match field.kind:
        case "uuid":
            return UUID(str(value))  # not as people write an id of this field
        case "text" | "date" | "instant" if not field.column:
            # As the index has it, whatever that is: longer than a filter's texts, perhaps.
            if not isinstance(value, str):
                raise _broken()
            return storable(value)
        case _:
            return bound(field, value)


def _broken() -> WrongValueError:
    return WrongValueError("cursor", "this is no cursor; send one as it came, or begin without it.")
