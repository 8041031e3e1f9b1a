"""What a typed decode passes over: fields nobody declared, keys and items that come twice.

A look at the JSON without its types, beside the types it should have. It meets what is wrong in
other ways too, and leaves that to the decode.
"""

from __future__ import annotations

import re
import types
import typing
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

import msgspec

from hanse.kit.json_text import STRING
from hanse.runtime.contract.immutable import unwrapped
from hanse.runtime.errors import Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

INTEGRAL = re.compile(STRING + rb"|(?<![0-9])(-?(?:0|[1-9][0-9]*+))\.0++(?![0-9eE])")
_canonical = msgspec.json.Encoder(order="deterministic").encode

NAME_LENGTH_MAX = 100

SMALL_SET = 64
ALIKE_MAX = 16
"""Items of a set with one hash. Numbers have no secret in theirs: whoever chooses them may choose
thousands alike, and a set of those is made in square time."""


def without_fraction(found: re.Match[bytes]) -> bytes:
    """What `INTEGRAL` found, as an integer; strings as they are."""
    return found[0] if found[1] is None else found[1]


def duplicate(body: bytes) -> Violation:
    """Names a key that comes twice; slow, and only for a request that is refused anyway."""
    import json  # the one parser that shows duplicates

    twice: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        counts = Counter(key for key, _ in pairs)
        twice.extend(key for key, count in counts.items() if count > 1)

    json.loads(body, object_pairs_hook=note)
    name = twice[0][:NAME_LENGTH_MAX] if twice else ""
    return Violation(name, "duplicate", f"The key `{name}` comes twice in one object; keep one.")


def walk_of(annotation: Any, seen: dict[Any, Any]) -> Callable[..., Iterator[Violation]] | None:
    """What to do with a value of a type; None where no object can be inside."""
    annotation = unwrapped(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    plain = origin or annotation
    if isinstance(plain, type) and issubclass(plain, msgspec.Struct):
        return walk_struct(annotation, seen)
    if plain is Mapping:
        return _walk_map(walk_of(arguments[1], seen))
    if origin in (tuple, frozenset):
        items = _walk_items([walk_of(one, seen) for one in arguments if one is not Ellipsis])
        return items if origin is tuple else _walk_set(arguments[0], items)
    if origin in (Union, types.UnionType):
        return _walk_union(arguments, seen)
    return None


def walk_struct(annotation: Any, seen: dict[Any, Any]) -> Callable[..., Iterator[Violation]]:
    if annotation in seen:

        def again(value: Any, path: str) -> Iterator[Violation]:
            return seen[annotation](value, path)  # looked up late: a type that holds itself

        return again
    seen[annotation] = None
    fields = msgspec.structs.fields(annotation)
    walks = {field.encode_name: walk_of(field.type, seen) for field in fields}
    config = (get_origin(annotation) or annotation).__struct_config__
    tag_field = config.tag_field

    def walk(value: Any, path: str) -> Iterator[Violation]:
        for name, inner in _members(value).items():
            where = f"{path}.{name[:NAME_LENGTH_MAX]}" if path else name
            if name not in walks:
                if name != tag_field:
                    yield Violation(where, "unknown", f"There is no field `{where}`; take it out.")
            elif (follow := walks[name]) is not None and inner is not None:
                yield from follow(inner, where)

    seen[annotation] = walk
    return walk


def _members(value: Any) -> dict[str, Any]:
    """An object's members; none of what is no object, as the decode will say."""
    return typing.cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _items(value: Any) -> list[Any]:
    """An array's items; none of what is no array."""
    return typing.cast("list[Any]", value) if isinstance(value, list) else []


def _walk_map(inner: Any) -> Callable[..., Iterator[Violation]]:
    def walk(value: Any, path: str) -> Iterator[Violation]:
        for name, one in _members(value).items():
            if inner is not None:
                yield from inner(one, f"{path}[{name[:NAME_LENGTH_MAX]!r}]")

    return walk


def _walk_items(walks: list[Any]) -> Callable[..., Iterator[Violation]] | None:
    if not any(walks):
        return None

    def walk(value: Any, path: str) -> Iterator[Violation]:
        for index, one in enumerate(_items(value)):
            follow = walks[min(index, len(walks) - 1)]
            if follow is not None and one is not None:
                yield from follow(one, f"{path}[{index}]")

    return walk


def _walk_set(item: Any, items: Any) -> Callable[..., Iterator[Violation]]:
    """Finds what JSON Schema's `uniqueItems` forbids, so that counts of items say what they mean.

    One value written in two ways, as a UUID in small and in capital letters, counts once.
    """

    def walk(value: Any, path: str) -> Iterator[Violation]:
        value = _items(value)
        inside = tuple(items(value, path)) if items is not None else ()
        if not inside and len(value) > SMALL_SET and (alike := tuple(_alike(value, item, path))):
            yield from alike
            return
        written: set[bytes] = set()
        for index, one in enumerate(value):
            text = INTEGRAL.sub(without_fraction, _canonical(one))
            if text in written:
                where = f"{path}[{index}]"
                yield Violation(where, "unique", f"`{where}` came before in this set; take it out.")
            written.add(text)
        yield from inside

    return walk


def _alike(value: list[Any], item: Any, path: str) -> Iterator[Violation]:
    """Finds items chosen to have one hash, and what is none of the items before a set is made."""
    try:
        hashes = Counter(map(hash, msgspec.convert(value, tuple[item, ...])))
    except (msgspec.ValidationError, TypeError) as error:
        yield Violation(path, "type", f"`{path}`: {error}")
        return
    if max(hashes.values()) > ALIKE_MAX:
        yield Violation(path, "alike", f"`{path}` has too many items that hash alike; split it.")


def _walk_union(
    options: tuple[Any, ...], seen: dict[Any, Any]
) -> Callable[..., Iterator[Violation]] | None:
    objects: dict[Any, Any] = {}
    arrays: Any = None
    for option in options:
        plain = get_origin(unwrapped(option)) or unwrapped(option)
        walk = walk_of(option, seen)
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
