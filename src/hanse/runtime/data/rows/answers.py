"""Rows as PostgreSQL gives them, into the types a statement declares."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, get_args
from uuid import UUID

import msgspec

from hanse.runtime.errors import Internal

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")

SCALARS = (bool, int, float, str, bytes, Decimal, UUID, datetime, date, time, timedelta)
_AS_THEY_ARE = (bytes, Decimal, UUID, datetime, date, time, timedelta)
_convert = partial(msgspec.convert, builtin_types=_AS_THEY_ARE)


class Answer(Generic[T]):
    """How a row becomes one `kind`.

    Args:
        kind: A struct, filled by the names of columns, or a scalar for the only column.

    Attributes:
        name: What one is called.
    """

    def __init__(self, kind: type[T]) -> None:
        self.name = kind.__name__ if is_struct(kind) else "row"
        self._kind = kind
        self._is_struct = is_struct(kind)
        fields = fields_of(kind).items() if self._is_struct else ()
        # A jsonb comes as bytes, and is read as what its field is.
        self._decoders = {
            name: msgspec.json.Decoder(field.type)
            for name, field in fields
            if field.type not in SCALARS and not _holds_bytes(field.type)
        }

    def read(self, row: Any) -> T:
        """One row.

        Raises:
            Internal: It does not fit the type; one of the two has to change.
        """
        try:
            return self._struct(row) if self._is_struct else _convert(row[0], self._kind)
        except msgspec.ValidationError as error:
            raise Internal(f"A row is no {self._kind.__name__}.").because(error) from error

    def _struct(self, row: Mapping[str, Any]) -> T:
        values = dict(row)
        for name, decoder in self._decoders.items():
            if type(values.get(name)) is bytes:
                values[name] = decoder.decode(values[name])
        return _convert(values, self._kind)


def is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def fields_of(kind: Any) -> dict[str, msgspec.structs.FieldInfo]:
    """The fields of a struct by the columns they are filled from."""
    fields = msgspec.structs.fields(cast("type[msgspec.Struct]", kind))
    return {field.encode_name: field for field in fields}


def _holds_bytes(kind: Any) -> bool:
    return kind is bytes or any(map(_holds_bytes, get_args(kind)))
