"""Reads JSON at the public door, where unknown fields, what comes twice and depth are refused."""

from __future__ import annotations

import math
import re
import types
import typing
from collections import Counter
from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

import msgspec

from hanse.kit.json_text import STRING, depth_of, keys_kept, keys_written
from hanse.runtime.contract.immutable import parts, unwrapped
from hanse.runtime.contract.method import invalid
from hanse.runtime.errors import InvalidArgument, Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SAME_DIGIT = bytes.maketrans(b"123456789", b"000000000")
_LONG = b"0" * 19
_INTEGRAL = re.compile(STRING + rb"|(?<![0-9])(-?(?:0|[1-9][0-9]*+))\.0++(?![0-9eE])")
_generic = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_canonical = msgspec.json.Encoder(order="deterministic").encode

VIOLATIONS_MAX = 20
"""So many are told at once; a body has room for a hundred thousand."""

NAME_LENGTH_MAX = 100
DETAIL_LENGTH_MAX = 500

Walk = "Callable[[Any, str], Iterator[Violation]]"


class StrictReader:
    """Reads one request type.

    The value itself comes from one typed decode. What that cannot see (fields below the top that
    nobody declared, what comes twice) needs a second look, which most requests do not: a body
    with no more colons than required fields has no room for another key, and one that we would
    write with the same bytes has nothing else in it.

    Args:
        request_type: A struct of our making, so that forbidding unknown fields at the top is free.
        depth: Nesting of arrays and objects at most.
    """

    __slots__ = ("_counts", "_decode", "_depth", "_required", "_type", "_walk")

    def __init__(self, request_type: type[msgspec.Struct], depth: int) -> None:
        fields = msgspec.structs.fields(request_type)
        self._type = request_type
        self._decode = msgspec.json.Decoder(forbidding(request_type)).decode
        self._depth = depth
        self._counts = any(one is int or one is Any for one in parts(request_type))
        self._walk = _walk_struct(request_type, {})
        flat = all(_walk_of(field.type, {}) is None for field in fields)
        self._required = sum(field.required for field in fields) if flat else -1

    def read(self, body: bytes) -> Any:
        """The arguments; `InvalidArgument` names what is wrong and where."""
        arguments = self._decoded(body)
        # First how deep it is: what looks closer goes down with it.
        if body.count(b"[") + body.count(b"{") > self._depth and depth_of(body) > self._depth:
            message = f"The JSON is nested more than {self._depth} deep."
            raise InvalidArgument(message, violations=(Violation("", "depth", message),))
        if body.count(b":") > self._required and not _as_we_write(arguments, body):
            self._look_closer(body)
        if self._counts and _LONG in body.translate(_SAME_DIGIT):
            check_integers(arguments)
        return arguments

    def _decoded(self, body: bytes) -> Any:
        try:
            return self._decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            if b".0" not in body or not isinstance(error, msgspec.ValidationError):
                raise _short(invalid(error, self._type)) from None
            whole = _INTEGRAL.sub(_without_fraction, body)
        # To JSON Schema, and so to our own description, 1.0 is an integer.
        try:
            return self._decode(whole)
        except msgspec.ValidationError as error:
            raise _short(invalid(error, self._type)) from None

    def _look_closer(self, body: bytes) -> None:
        try:
            value = _generic(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            # Inside a field that nobody declared, which the typed decode only skipped.
            raise invalid(error) from None
        violations = tuple(islice(self._walk(value, ""), VIOLATIONS_MAX))
        if not violations and keys_written(body) > keys_kept(value):
            violations = (_duplicate(body),)
        if violations:
            raise InvalidArgument(violations[0].message, violations=violations)


def _as_we_write(arguments: Any, body: bytes) -> bool:
    """Whether a body, but for spaces, is what we would write: then nothing in it was passed over.

    Most clients write fields in the order of their declaration; a look costs them a tenth.
    """
    written = _encode(arguments)
    try:
        return body == written or msgspec.json.format(body, indent=-1) == written
    except msgspec.DecodeError:  # in what the typed decode only skipped
        return False


def check_integers(arguments: Any) -> None:
    """Refuses integers that not every client could read; `InvalidArgument`."""
    if not holds(arguments, is_sendable):
        message = "An integer is between -2**63 and 2**63 - 1 here."
        raise InvalidArgument(message, violations=(Violation("", "int64", message),))


def holds(value: Any, rule: Callable[[Any], bool]) -> bool:
    """Whether a rule holds for a value and for all inside of it."""
    if isinstance(value, msgspec.Struct):
        return all(holds(getattr(value, name), rule) for name in value.__struct_fields__)
    if isinstance(value, (tuple, list, set, frozenset)):
        items = typing.cast("typing.Iterable[Any]", value)
        return all(holds(one, rule) for one in items)
    if isinstance(value, dict):
        members = typing.cast("dict[Any, Any]", value)
        return all(holds(one, rule) for one in members.values())
    return rule(value)


def is_sendable(value: Any) -> bool:
    """Whether a number can be handed on to every client: an int64, and neither NaN nor infinite."""
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return not isinstance(value, float) or math.isfinite(value)


def _without_fraction(found: re.Match[bytes]) -> bytes:
    return found[0] if found[1] is None else found[1]


def _short(refusal: InvalidArgument) -> InvalidArgument:
    """The same, without sending a name back that is as long as the body."""
    if len(refusal.detail) <= DETAIL_LENGTH_MAX:
        return refusal
    told = refusal.violations[0]
    message = f"{told.message[:DETAIL_LENGTH_MAX]}…"
    field, rule = told.field[:NAME_LENGTH_MAX], told.rule[:NAME_LENGTH_MAX]
    return InvalidArgument(message, violations=(Violation(field, rule, message),))


def forbidding(struct: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """The same struct, refusing fields it does not know."""
    return msgspec.defstruct(
        struct.__name__, [], bases=(struct,), forbid_unknown_fields=True, frozen=True
    )


def _duplicate(body: bytes) -> Violation:
    """Names a key that comes twice; slow, and only for a request that is refused anyway."""
    import json  # the one parser that shows duplicates

    twice: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        counts = Counter(key for key, _ in pairs)
        twice.extend(key for key, count in counts.items() if count > 1)

    json.loads(body, object_pairs_hook=note)
    name = twice[0][:NAME_LENGTH_MAX] if twice else ""
    return Violation(name, "duplicate", f"The key `{name}` comes twice in one object; keep one.")


def _walk_of(annotation: Any, seen: dict[Any, Any]) -> Callable[..., Iterator[Violation]] | None:
    """What to do with a value of a type; None where no object can be inside."""
    annotation = unwrapped(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    plain = origin or annotation
    if isinstance(plain, type) and issubclass(plain, msgspec.Struct):
        return _walk_struct(annotation, seen)
    if plain is Mapping:
        return _walk_map(_walk_of(arguments[1], seen))
    if origin in (tuple, frozenset):
        items = _walk_items([_walk_of(one, seen) for one in arguments if one is not Ellipsis])
        return items if origin is tuple else _walk_set(items)
    if origin in (Union, types.UnionType):
        return _walk_union(arguments, seen)
    return None


def _walk_struct(annotation: Any, seen: dict[Any, Any]) -> Callable[..., Iterator[Violation]]:
    if annotation in seen:

        def again(value: Any, path: str) -> Iterator[Violation]:
            return seen[annotation](value, path)  # looked up late: a type that holds itself

        return again
    seen[annotation] = None
    fields = msgspec.structs.fields(annotation)
    walks = {field.encode_name: _walk_of(field.type, seen) for field in fields}
    config = (get_origin(annotation) or annotation).__struct_config__
    tag_field = config.tag_field

    def walk(value: Any, path: str) -> Iterator[Violation]:
        for name, inner in value.items():
            where = f"{path}.{name[:NAME_LENGTH_MAX]}" if path else name
            if name not in walks:
                if name != tag_field:
                    yield Violation(where, "unknown", f"There is no field `{where}`; take it out.")
            elif (follow := walks[name]) is not None and inner is not None:
                yield from follow(inner, where)

    seen[annotation] = walk
    return walk


def _walk_map(inner: Any) -> Callable[..., Iterator[Violation]]:
    def walk(value: Any, path: str) -> Iterator[Violation]:
        for name, one in value.items():
            if inner is not None:
                yield from inner(one, f"{path}[{name[:NAME_LENGTH_MAX]!r}]")

    return walk


def _walk_items(walks: list[Any]) -> Callable[..., Iterator[Violation]] | None:
    if not any(walks):
        return None

    def walk(value: Any, path: str) -> Iterator[Violation]:
        for index, one in enumerate(value):
            follow = walks[min(index, len(walks) - 1)]
            if follow is not None and one is not None:
                yield from follow(one, f"{path}[{index}]")

    return walk


def _walk_set(items: Any) -> Callable[..., Iterator[Violation]]:
    """Finds what JSON Schema's `uniqueItems` forbids, so that counts of items say what they mean.

    One value written in two ways, as a UUID in small and in capital letters, counts once.
    """

    def walk(value: Any, path: str) -> Iterator[Violation]:
        written: set[bytes] = set()
        for index, one in enumerate(value):
            text = _INTEGRAL.sub(_without_fraction, _canonical(one))
            if text in written:
                where = f"{path}[{index}]"
                yield Violation(where, "unique", f"`{where}` came before in this set; take it out.")
            written.add(text)
        yield from items(value, path) if items is not None else ()

    return walk


def _walk_union(
    options: tuple[Any, ...], seen: dict[Any, Any]
) -> Callable[..., Iterator[Violation]] | None:
    objects: dict[Any, Any] = {}
    arrays: Any = None
    for option in options:
        plain = get_origin(unwrapped(option)) or unwrapped(option)
        walk = _walk_of(option, seen)
        if isinstance(plain, type) and issubclass(plain, msgspec.Struct):
            objects[plain.__struct_config__.tag] = (plain.__struct_config__.tag_field, walk)
        elif plain is Mapping:
            objects[None] = (None, walk)
        elif walk is not None:
            arrays = walk

    def walk_union(value: Any, path: str) -> Iterator[Violation]:
        if isinstance(value, dict):
            members = typing.cast("dict[str, Any]", value)
            for tag, (tag_field, follow) in objects.items():
                if tag_field is None or members.get(tag_field) == tag:
                    yield from follow(members, path)
        elif isinstance(value, list) and arrays is not None:
            yield from arrays(value, path)

    return walk_union if objects or arrays else None
