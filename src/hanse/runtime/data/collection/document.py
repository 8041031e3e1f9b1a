"""Entities as the documents they are stored as, and back."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, get_origin
from uuid import UUID

import msgspec
from msgspec import UNSET
from msgspec.structs import force_setattr

from hanse.kit.type_id import type_ids
from hanse.runtime.call.proven import prove
from hanse.runtime.config.secret import decode_secret, encode_secret
from hanse.runtime.contract.immutable import parts
from hanse.runtime.contract.method import invalid
from hanse.runtime.data.collection.conflict import violated
from hanse.runtime.data.entity.changes import changes_type
from hanse.runtime.data.entity.columns import DELETE_TIME, SIZE_MAX
from hanse.runtime.data.personal.sealed_text import LOOKS_SEALED
from hanse.runtime.data.table.packed import decode_apart, moment, unpacked
from hanse.runtime.errors import HanseError, Internal, InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.runtime.data.entity.entity import Entity
    from hanse.runtime.data.entity.model import EntityModel
    from hanse.runtime.data.table.packed import Columns

log = logging.getLogger("hanse.data")

E = TypeVar("E", bound="Entity")

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_NO_NUL = "A text holds the character U+0000, which cannot be stored; take it out."
_NOT_SEALED = "A text looks like a value that is stored sealed; take the ~ before it away."
_REFUSED = ((b"\\u0000", _NUL, "nul", _NO_NUL), (b'"~', LOOKS_SEALED, "sealed", _NOT_SEALED))
"""What no document holds: a sign of it, how it is found, the rule, what is said."""

_encode = msgspec.json.Encoder(enc_hook=encode_secret).encode
decode_plainly: Callable[[bytes], dict[str, Any]] = msgspec.json.Decoder(dict[str, Any]).decode


class Documents(Generic[E]):
    """Writes and reads the documents of one entity.

    A document holds what the class declares and no column. What is written is read once before it
    is sent, as a caller's arguments are: so whatever is stored keeps to the rules of its class,
    also when a service made it, and an entity that comes back is never the one that was given.

    Attributes:
        model: What was read of its class.
        lasting: Whether an entity can never change, so that what was read of one stays true.
    """

    def __init__(self, model: EntityModel) -> None:
        self.model = self._model = model
        self._names = model.names
        self._document = msgspec.defstruct(
            f"{model.cls.__name__}Document", [(name, Any) for name in model.names]
        )
        self._read: Callable[[bytes], E] = _decoder(model.cls).decode
        self._changes = changes_type(model.cls)
        self._read_changes = _decoder(self._changes).decode
        self._read_many: Callable[[bytes], list[E]] = _decoder(list[model.cls]).decode
        # A map could be changed by who holds it.
        self.lasting = not any(get_origin(one) is Mapping or one is Any for one in parts(model.cls))
        types = zip(model.names, _own_types(model), strict=True)
        self._instants = frozenset(
            name for name, kind in types if any(one is datetime for one in parts(kind))
        )

    def new(self, item: E, *, over: bool = False) -> tuple[bytes, E]:
        """The document of an entity, and the entity as a reader would get it, without columns.

        Args:
            item: The entity.
            over: Whether it goes over one that is stored. Then a secret that it lacks is left out,
                and stays: nobody who read the entity as it is answered could give it back.

        Raises:
            InvalidArgument: It breaks a rule of its class, or cannot be stored.
        """
        values = [getattr(item, name) for name in self._names]
        if self._instants:
            values = [
                in_utc(value, name) if name in self._instants else value
                for name, value in zip(self._names, values, strict=True)
            ]
        if over and self._model.secrets:
            values = [
                UNSET if value is None and name in self._model.secrets else value
                for name, value in zip(self._names, values, strict=True)
            ]
        body = self._encoded(self._document(*values))
        try:
            return body, self._read(body)
        except (msgspec.DecodeError, RecursionError) as error:
            raise invalid(error, self._model.cls) from None

    def changes(self, given: Mapping[str, Any] | msgspec.Struct) -> msgspec.Struct:
        """What is to change, as a struct in which nothing has to be given.

        Raises:
            InvalidArgument: A field is unknown, or a value breaks its rule.
        """
        if isinstance(given, self._changes):
            return given
        try:
            return self._read_changes(_encode(given))
        except (msgspec.DecodeError, TypeError, ValueError, RecursionError) as error:
            raise _unfit(error, self._changes) from None

    def patch(self, changes: msgspec.Struct) -> bytes:
        """What is to change as a document of its own, with no more in it than is given."""
        values = {name: getattr(changes, name) for name in self._names}
        for name in self._instants:
            values[name] = in_utc(values[name], name)
        return self._encoded(self._changes(**values))

    def whole(self, body: bytes) -> E:
        """The entity of a whole document, without columns.

        Raises:
            InvalidArgument: It breaks a rule of its class.
        """
        if len(body) > SIZE_MAX:
            raise too_large(len(body))
        try:
            return self._read(body)
        except (msgspec.DecodeError, RecursionError) as error:
            raise invalid(error, self._model.cls) from None

    def stored(self, row: Any) -> E:
        """The entity of a row.

        Raises:
            Internal: Its document is of a form that this release cannot read.
        """
        body: bytes = row["doc"]
        try:
            if row["shape"] < self._model.shape:
                body = _encode(self.lifted(decode_plainly(body), row["shape"]))
            item = self._read(body)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise self._unreadable(row, error) from error
        return self.with_columns(item, row)

    def packed(self, row: Any, most: int) -> list[E]:
        """The first entities of many rows that came as one, read as one text if that can be.

        Args:
            row: As `PACKED` selects it.
            most: How many, of these or one more.

        Raises:
            Internal: A document is of a form that this release cannot read.
        """
        if row["packed_columns"] is None:
            return []
        columns = unpacked(row["packed_columns"])
        if min(columns.shapes) < self._model.shape:
            return [self.stored(one) for one in self.apart(row, most)]
        try:
            items = self._read_many(b"[%b]" % row["packed_documents"])
        except (msgspec.MsgspecError, RecursionError):
            # Which tells of the one it is.
            return [self.stored(one) for one in self.apart(row, most)]
        self._set_columns(items, columns)
        return items[:most]

    def _set_columns(self, items: list[E], columns: Columns) -> None:
        keys, revisions, creations, updates, _ = columns
        names = type_ids(self._model.prefix, keys)
        own = zip(items, names, revisions, creations, updates, strict=True)
        for item, name, revision, created, updated in own:
            create_time = moment(created)
            update_time = create_time if updated == created else moment(updated)
            force_setattr(item, "id", name)
            force_setattr(item, "revision", revision)
            force_setattr(item, "create_time", create_time)
            force_setattr(item, "update_time", update_time)

    def apart(self, row: Any, most: int) -> list[dict[str, Any]]:
        """The first of many rows that came as one, each by itself.

        Args:
            row: As `PACKED` selects it.
            most: How many, of these or one more.
        """
        if row["packed_columns"] is None:
            return []
        documents = decode_apart(b"[%b]" % row["packed_documents"])
        rows = zip(documents, *unpacked(row["packed_columns"]), strict=True)
        return [
            {
                "id": UUID(bytes=key),
                "revision": revision,
                "create_time": moment(created),
                "update_time": moment(updated),
                DELETE_TIME: None,
                "shape": shape,
                "doc": bytes(document),
            }
            for document, key, revision, created, updated, shape in islice(rows, most)
        ]

    def with_columns(self, item: E, row: Any) -> E:
        """An entity that nobody has seen yet, with the columns of its row set."""
        force_setattr(item, "id", self._model.text_of(row["id"].int))
        force_setattr(item, "revision", row["revision"])
        force_setattr(item, "create_time", row["create_time"])
        force_setattr(item, "update_time", row["update_time"])
        if self._model.shows_delete_time:
            force_setattr(item, DELETE_TIME, row[DELETE_TIME])
        if self.lasting:
            prove(item, self._model.cls)
        return item

    def lifted(self, document: dict[str, Any], shape: int) -> dict[str, Any]:
        """A document of an older shape in the newest one."""
        for number in range(shape, self._model.shape):
            document = self._model.upcasters[number](document)
        return document

    def _encoded(self, value: Any) -> bytes:
        try:
            body = _encode(value)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise _unfit(error, None) from None
        if len(body) > SIZE_MAX:
            raise too_large(len(body))
        for sign, pattern, rule, message in _REFUSED:
            if sign in body and pattern.search(body):
                raise violated(_field_with(pattern, body), rule, message)
        return body

    def _unreadable(self, row: Any, error: Exception) -> Internal:
        name = self._model.text_of(row["id"].int)
        log.error("%s in %s cannot be read", name, self._model.full_table, exc_info=error)
        return Internal(f"What is stored of {name} cannot be read by this release.")


def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind, dec_hook=decode_secret)


def in_utc(value: Any, path: str) -> Any:
    """A value with every moment in it said in UTC, so that their texts sort as they follow.

    Raises:
        InvalidArgument: A moment has no zone.
    """
    if isinstance(value, datetime):
        if value.tzinfo is UTC:
            return value
        if value.tzinfo is None:
            raise violated(path, "zone", f"`{path}` has no time zone; say tzinfo=UTC or another.")
        return value.astimezone(UTC)
    if isinstance(value, msgspec.Struct):
        kept = {name: getattr(value, name) for name in value.__struct_fields__}
        turned = {name: in_utc(one, f"{path}.{name}") for name, one in kept.items()}
        same = all(turned[name] is one for name, one in kept.items())
        return value if same else msgspec.structs.replace(value, **turned)
    if isinstance(value, (tuple, frozenset)):
        items = cast("tuple[Any, ...]", value)
        return type(items)(in_utc(one, f"{path}[{at}]") for at, one in enumerate(items))
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return {key: in_utc(one, f"{path}[{key!r}]") for key, one in members.items()}
    return value


def too_large(size: int) -> InvalidArgument:
    """What is said of a document over the bound."""
    message = f"It has {size} bytes as JSON; at most {SIZE_MAX} can be stored."
    return violated("", f"size <= {SIZE_MAX}", message)


def _unfit(error: Exception, kind: Any) -> HanseError:
    if isinstance(error, (msgspec.DecodeError, RecursionError)):
        return invalid(error, kind)
    return violated("", "type", f"A value is of a type that cannot be stored: {error}")


def _field_with(pattern: re.Pattern[bytes], body: bytes) -> str:
    members = decode_plainly(body).items()
    return next((name for name, value in members if pattern.search(_encode(value))), "")


def _own_types(model: EntityModel) -> list[Any]:
    """Types of the fields that are part of a document."""
    return [one.type for one in msgspec.structs.fields(model.cls) if one.name in model.names]
