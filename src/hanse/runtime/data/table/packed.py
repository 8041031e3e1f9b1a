"""Many rows as two values: the columns of all in one, the documents of all in the other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import NamedTuple

import msgspec

PACKED = (
    "string_agg(uuid_send(id) || int8send(revision) || timestamptz_send(create_time) "
    "|| timestamptz_send(update_time) || int2send(shape), ''::bytea) as packed_columns, "
    "textsend(string_agg(doc::text, ',')) as packed_documents"
)
"""What selects them: each column as PostgreSQL sends it, documents as text between commas."""

_ROW = Struct(">16sqqqh")
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)

decode_apart = msgspec.json.Decoder(list[msgspec.Raw]).decode
"""The documents in a list, each as the text it is."""


class Columns(NamedTuple):
    """The columns of all, each by itself and as PostgreSQL counts: times from the year 2000."""

    keys: tuple[bytes, ...]
    revisions: tuple[int, ...]
    create_times: tuple[int, ...]
    update_times: tuple[int, ...]
    shapes: tuple[int, ...]


def unpacked(columns: bytes) -> Columns:
    """Columns of one row at least."""
    return Columns(*zip(*_ROW.iter_unpack(columns), strict=True))


def moment(microseconds: int) -> datetime:
    """A time as it is in Python."""
    return _EPOCH + timedelta(0, 0, microseconds)
