"""Where a method's arguments stand in a request: path, query, body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_origin
from urllib.parse import parse_qsl

import msgspec

from hanse.runtime.contract.immutable import unwrapped
from hanse.runtime.contract.incoming.incoming import Incoming
from hanse.runtime.contract.method import invalid
from hanse.runtime.contract.route import BODILESS
from hanse.runtime.errors import HanseError, InvalidArgument, Violation
from hanse.runtime.http.refusal import UnsupportedMediaType
from hanse.runtime.server.router import BROKEN_PERCENT
from hanse.runtime.server.second_look import NAME_LENGTH_MAX
from hanse.runtime.server.strict import StrictReader, holds, is_sendable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hanse.runtime.contract.method import Method
    from hanse.runtime.http.message import Request

QUERY_FIELDS_MAX = 100

KEPT_BACK = frozenset({b"authorization", b"cookie"})
"""Headers that are the host's business and no method's."""


def reader(method: Method, depth: int) -> Callable[[Request], Any]:
    """A function from a request and its path's parameters to checked arguments."""
    assert method.route is not None
    path_names = frozenset(method.route.parameters)
    if method.as_it_came:
        return _as_it_came_reader(method)
    if method.body:
        return _own_body_reader(method, path_names, depth)
    if method.route.verb in BODILESS:
        return _query_reader(method.request_type, path_names)
    fields = msgspec.structs.fields(method.request_type)
    if not path_names:
        return _body_reader(
            StrictReader(method.request_type, depth), empty=not _any_required(fields)
        )
    return _mixed_reader(method, path_names, depth)


def json_body(request: Request, *, empty: bool) -> bytes:
    """The body, which is JSON; where nothing is required it may be left out."""
    if not request.body and empty:
        return b"{}"
    if not _is_json(request.headers.get(b"content-type", b"")):
        raise UnsupportedMediaType(
            "Send the arguments as JSON, with Content-Type: application/json."
        )
    return request.body


def _is_json(kind: bytes) -> bool:
    essence, _, parameters = kind.lower().partition(b";")
    charset = parameters.replace(b'"', b"").strip()
    return essence.strip() == b"application/json" and charset in {b"", b"charset=utf-8"}


def _any_required(fields: tuple[msgspec.structs.FieldInfo, ...]) -> bool:
    return any(field.required for field in fields)


def _body_reader(strict: StrictReader, *, empty: bool) -> Callable[..., Any]:
    read_strictly = strict.read

    def read(request: Request) -> Any:
        if request.headers.get(b"content-type") == b"application/json" and request.body:
            return read_strictly(request.body)
        return read_strictly(json_body(request, empty=empty))

    return read


def _query_reader(
    request_type: type[msgspec.Struct], path_names: frozenset[str]
) -> Callable[..., Any]:
    fields = TextFields(request_type, path_names)

    def read(request: Request) -> Any:
        values: dict[str, Any] = dict(request.parameters)
        values.update(fields.gather(query_pairs(request.query)))
        arguments = from_text(values, request_type)
        fields.check_unique(arguments, values)
        return arguments

    return read


class TextFields:
    """Arguments that come as text, each by its name: those of a query, or of a form.

    Args:
        request_type: All arguments.
        elsewhere: Names of those that come otherwise, so that nobody gives them here.
    """

    __slots__ = ("_known", "_many", "_sets")

    def __init__(self, request_type: type[msgspec.Struct], elsewhere: frozenset[str]) -> None:
        fields = msgspec.structs.fields(request_type)
        origins = {field.encode_name: get_origin(unwrapped(field.type)) for field in fields}
        self._sets = {name for name, origin in origins.items() if origin is frozenset}
        self._many = {name for name, origin in origins.items() if origin is tuple} | self._sets
        self._known = {field.encode_name for field in fields} - elsewhere

    def knows(self, name: str) -> bool:
        """Whether an argument of that name may be given here."""
        return name in self._known

    def gather(self, pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
        """Values by name; only sequences may come more than once.

        Raises:
            InvalidArgument: A name nobody declared, or a value given twice.
        """
        values: dict[str, Any] = {}
        known, many = self._known, self._many
        for name, value in pairs:
            if name not in known:
                short = name[:NAME_LENGTH_MAX]
                raise refused(short, "unknown", f"There is no argument `{short}`; take it out.")
            if name in many:
                values.setdefault(name, []).append(value)
            elif name in values:
                raise refused(name, "duplicate", f"`{name}` comes twice; keep one.")
            else:
                values[name] = value
        return values

    def check_unique(self, arguments: Any, values: dict[str, Any]) -> None:
        """Refuses a set whose items came twice."""
        for name in self._sets & values.keys():
            if len(getattr(arguments, name)) < len(values[name]):
                raise refused(name, "unique", f"`{name}` has a value twice; give each once.")


def _mixed_reader(method: Method, path_names: frozenset[str], depth: int) -> Callable[..., Any]:
    fields = msgspec.structs.fields(method.request_type)
    body_type = _part(method, [field for field in fields if field.name not in path_names])
    path_type = _part(method, [field for field in fields if field.name in path_names])
    body_fields = msgspec.structs.fields(body_type)
    strict = StrictReader(body_type, depth)
    empty = not _any_required(body_fields)

    def read(request: Request) -> Any:
        in_path = from_text(request.parameters, path_type)
        in_body = strict.read(json_body(request, empty=empty))
        values = msgspec.structs.asdict(in_path) | msgspec.structs.asdict(in_body)
        return method.request_type(**values)

    return read


def _own_body_reader(method: Method, path_names: frozenset[str], depth: int) -> Callable[..., Any]:
    """The body is one argument; what is wrong in it is named as that argument's own."""
    fields = {field.name: field for field in msgspec.structs.fields(method.request_type)}
    body = fields.pop(method.body)
    around = _part(method, list(fields.values()))
    texts = TextFields(around, path_names)
    kind = unwrapped(body.type)
    strict = StrictReader(kind, depth, ours=False)
    empty = not _any_required(msgspec.structs.fields(kind))

    def read(request: Request) -> Any:
        values: dict[str, Any] = dict(request.parameters)
        values.update(texts.gather(query_pairs(request.query)))
        arguments = from_text(values, around)
        texts.check_unique(arguments, values)
        given = strict.read(json_body(request, empty=empty))
        return method.request_type(**msgspec.structs.asdict(arguments), **{method.body: given})

    return read


def _as_it_came_reader(method: Method) -> Callable[[Request], Any]:
    """The body is one argument and nobody reads it before; the others are around it."""
    with_others = _others_reader(method)

    def read(request: Request) -> Any:
        headers = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in request.headers.items()
            if name not in KEPT_BACK
        }
        return with_others(request, {method.body: Incoming(request.body, headers)})

    return read


def upload_reader(method: Method) -> Callable[[Request], Any]:
    """The same where the body is a file, which was taken in before."""
    with_others = _others_reader(method)

    def read(request: Request) -> Any:
        arguments = with_others(request, request.form.files)
        request.form.handed_on = True
        return arguments

    return read


def _others_reader(method: Method) -> Callable[[Request, dict[str, Any]], Any]:
    """A function from a request and what its body is to all arguments."""
    assert method.route is not None
    fields = msgspec.structs.fields(method.request_type)
    around = _part(method, [field for field in fields if field.name != method.body])
    texts = TextFields(around, frozenset(method.route.parameters))

    def read(request: Request, body: dict[str, Any]) -> Any:
        values: dict[str, Any] = dict(request.parameters)
        values.update(texts.gather(query_pairs(request.query)))
        arguments = from_text(values, around)
        texts.check_unique(arguments, values)
        return method.request_type(**msgspec.structs.asdict(arguments) | body)

    return read


def _part(method: Method, fields: list[msgspec.structs.FieldInfo]) -> type[msgspec.Struct]:
    """A struct of some of a request's fields."""
    own = [
        (field.name, field.type) if field.required else (field.name, field.type, field.default)
        for field in fields
    ]
    return msgspec.defstruct(method.request_type.__name__, own, kw_only=True, frozen=True)


def from_text(values: dict[str, Any], struct: type[msgspec.Struct]) -> Any:
    """Reads values that came as text, so that `"7"` is a number where one is declared."""
    try:
        read = msgspec.convert(values, struct, strict=False)
    except msgspec.ValidationError as error:
        raise invalid(error, struct) from None
    for name, given in values.items():
        value = getattr(read, name)
        if value is given or holds(value, _is_right):  # a text as it came, or what one can send
            continue
        if not holds(value, is_sendable):
            # No body could bring one; and NaN keeps to every range, as no comparison with it holds.
            raise refused(name, "finite", f"`{name}` must be a finite number of 64 bits.")
        raise refused(
            name, "null", f"`{name}` cannot be null in a path, query or form; leave it out."
        )
    return read


def _is_right(value: Any) -> bool:
    """Whether a text stood for something: `null` is read as None where a type allows that."""
    return value is not None and is_sendable(value)


def query_pairs(query: bytes) -> list[tuple[str, str]]:
    """A query's names and values as they come.

    Raises:
        InvalidArgument: It is no percent-encoded UTF-8, or has too many.
    """
    if not query:
        return []
    if query.isascii() and b"%" not in query and b"+" not in query:
        parts = query.decode().split("&")
        if len(parts) <= QUERY_FIELDS_MAX:
            halves = (part.partition("=") for part in parts if part)
            return [(name, value) for name, _, value in halves]
    unreadable = refused("", "query", "The query cannot be read; is it percent-encoded UTF-8?")
    if BROKEN_PERCENT.search(query):
        raise unreadable
    try:
        return parse_qsl(
            query.decode("ascii"), keep_blank_values=True, errors="strict",
            max_num_fields=QUERY_FIELDS_MAX,
        )  # fmt: skip
    except (ValueError, UnicodeError):
        raise unreadable from None


def refused(name: str, rule: str, message: str) -> HanseError:
    """What says that one argument is wrong."""
    return InvalidArgument(message, violations=(Violation(name, rule, message),))
