"""The fields of a form, as browsers send them (URL Standard, application/x-www-form-urlencoded)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import inspect

from hanse.runtime.contract.file import is_file, refused_field
from hanse.runtime.contract.immutable import unwrapped
from hanse.runtime.contract.pages.page import KEY_FIELD
from hanse.runtime.http.refusal import UnsupportedMediaType
from hanse.runtime.server.arguments import TextFields, refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hanse.runtime.http.message import Request

FIELDS_MAX = 256

KIND = b"application/x-www-form-urlencoded"


class FormFields:
    """Those arguments of a method that are fields of its form.

    Args:
        request_type: All its arguments.
        elsewhere: Names of those that come from path and cookies.

    Attributes:
        kind: The arguments as they are read: a box that is not ticked is not sent.
    """

    __slots__ = ("_boxes", "_empty", "_named", "check_unique", "kind")

    def __init__(self, request_type: type[msgspec.Struct], elsewhere: frozenset[str]) -> None:
        fields = msgspec.structs.fields(request_type)
        self._named = TextFields(request_type, elsewhere)
        self.check_unique = self._named.check_unique
        boxes = {field.name for field in fields if unwrapped(field.type) is bool}
        self._boxes = boxes - elsewhere
        refused_files = refused_field(request_type)
        self._empty = {field.name for field in fields if _may_be_empty(field.type)}
        own = [
            (field.name, field.type, *self._default(field))
            for field in fields
            if not is_file(field.type) and field.name != refused_files
        ]
        self.kind = msgspec.defstruct(request_type.__name__, own, kw_only=True, frozen=True)

    def read(self, request: Request) -> dict[str, Any]:
        """Their texts by name; `HanseError` names what is wrong."""
        return self.gather(pairs(request))

    def gather(self, given: list[tuple[str, str]]) -> dict[str, Any]:
        """As `read`, of names and values."""
        values = self._named.gather(pair for pair in given if pair[0] != KEY_FIELD)
        for name in self._boxes & values.keys():
            if values[name] == "on":  # of a box without a value of its own
                values[name] = "true"
        for name in values.keys() - self._empty:
            if not any(values[name]):
                del values[name]
            elif isinstance(values[name], list):
                values[name] = [*filter(None, values[name])]
        return values

    def _default(self, field: msgspec.structs.FieldInfo) -> tuple[Any, ...]:
        if not field.required:
            return (field.default,)
        return (False,) if field.name in self._boxes else ()


def hidden_key(given: Iterable[tuple[str, str]]) -> str:
    """The key in a form's fields; empty if there is none.

    Raises:
        InvalidArgument: There are two.
    """
    keys = {value for name, value in given if name == KEY_FIELD and value}
    if len(keys) > 1:
        raise refused(KEY_FIELD, "duplicate", f"`{KEY_FIELD}` comes twice; keep one.")
    return next(iter(keys), "")


def pairs(request: Request) -> list[tuple[str, str]]:
    """Names and values of a form as they come.

    Raises:
        UnsupportedMediaType: It is no such form.
        InvalidArgument: It cannot be read, or has too many fields.
    """
    body = request.body
    _check_kind(request)
    if body.count(b"&") >= FIELDS_MAX:
        raise refused("", "fields", f"A form has {FIELDS_MAX} fields at most.")
    unreadable = refused("", "form", "The form cannot be read; is it percent-encoded UTF-8?")
    if not body.isascii():
        raise unreadable
    if b"%00" in body or b"\0" in body:
        raise refused("", "text", "A form holds text, in which no character is U+0000.")
    try:
        return [(_text(name), _text(value)) for name, _, value in _parts(body)]
    except UnicodeError:
        raise unreadable from None


def _parts(body: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    return (part.partition(b"=") for part in body.split(b"&") if part)


def _text(raw: bytes) -> str:
    """What stands for percent signs and plus signs, in one step, not one by one.

    The longest form made of nothing else would hold the loop for milliseconds; so they are read by
    what reads the escapes of Python's own texts, after its backslashes are no escapes any more;
    it also refuses a percent sign without two digits.
    """
    raw = raw.replace(b"+", b" ")
    if b"%" in raw:
        escaped = raw.replace(b"\\", b"\\x5c").replace(b"%", b"\\x")
        raw = escaped.decode("unicode_escape").encode("latin-1")
    return raw.decode()


def _check_kind(request: Request) -> None:
    given = request.headers.get(b"content-type", b"")
    essence, _, parameters = given.lower().partition(b";")
    charset = parameters.replace(b'"', b"").strip()
    if essence.strip() == KIND and charset in {b"", b"charset=utf-8"}:
        return
    if request.body or given:
        raise UnsupportedMediaType(
            "A form is sent as application/x-www-form-urlencoded, in UTF-8: take enctype off "
            "<form>; files are taken where an argument is a File."
        )


def _may_be_empty(annotation: Any) -> bool:
    """Whether an empty text is a value of a type."""
    return any(_takes_empty(one) for one in _options(inspect.type_info(annotation)))


def _takes_empty(info: inspect.Type) -> bool:
    match info:
        case inspect.StrType() | inspect.BytesType():
            return True
        case inspect.EnumType():
            return any(member.value == "" for member in info.cls)
        case inspect.LiteralType():
            return "" in info.values
        case inspect.CollectionType():
            return any(_takes_empty(one) for one in _options(info.item_type))
        case _:
            return False


def _options(info: inspect.Type) -> tuple[inspect.Type, ...]:
    if isinstance(info, inspect.Metadata):
        return _options(info.type)
    if isinstance(info, inspect.UnionType):
        return tuple(option for one in info.types for option in _options(one))
    return (info,)
