"""What is written lies over what is stored, so that fields of another release survive each write.

Over a struct its fields go one by one, in the statement itself. Lists and maps of structs, and
structs told apart by a tag, are merged here: who writes those has read the document before.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Union, cast, get_args, get_origin

import msgspec
from msgspec import UNSET

from hanse.runtime.contract.immutable import is_struct, parts
from hanse.runtime.data.collection.conflict import immutable, unset
from hanse.runtime.data.entity.changes import is_mergeable
from hanse.runtime.data.entity.expression import quoted
from hanse.runtime.data.entity.leaf import item_of, split
from hanse.runtime.data.entity.marks import Immutable, Personal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hanse.runtime.data.entity.leaf import Leaf
    from hanse.runtime.data.entity.model import EntityModel
    from hanse.runtime.data.query.fields import Path


class Inner:
    """A struct inside a document, which is merged field by field.

    Attributes:
        path: Where it stands.
        required: What has to be given where nothing is stored yet.
        inner: Those inside it.
    """

    def __init__(self, path: Path, struct: Any, around: tuple[Any, ...]) -> None:
        self.path = path
        fields = msgspec.structs.fields(struct)
        self.required = tuple(field.encode_name for field in fields if field.required)
        self.inner = _inner(fields, path, (*around, struct))


def inner_structs(model: EntityModel) -> tuple[Inner, ...]:
    """The structs right inside an entity that are merged in the statement."""
    return _inner(_document_fields(model), (), (model.cls,))


def loaded_paths(model: EntityModel) -> tuple[Path, ...]:
    """Where a document has to be read before it is written."""
    return tuple(_loaded(_document_fields(model), (), (model.cls,)))


def compared_in_clear(model: EntityModel) -> tuple[Path, ...]:
    """Paths of what no statement can compare, or by which it is told whose a row is."""
    immutable = [one.path for one in model.sealed if one.leaf.has(Immutable)]
    persons = [one.person for one in model.sealed if one.person not in {(), ("id",)}]
    return tuple(dict.fromkeys([*immutable, *persons]))


def merged_sql(stored: str, given: str, inner: Iterable[Inner]) -> str:
    """The document that comes of one stored and one given."""
    texts = [f"{stored} || {given}"]
    for one in inner:
        name = quoted(one.path[-1])
        below, above = f"({stored}->{name})", f"({given}->{name})"
        merged = merged_sql(below, above, one.inner)
        texts.append(
            f"case when jsonb_typeof{below} = 'object' and jsonb_typeof{above} = 'object' "
            f"then jsonb_build_object({name}, {merged}) else '{{}}'::jsonb end"
        )
    return " || ".join(texts) if len(texts) == 1 else f"({' || '.join(texts)})"


def incomplete(given: dict[str, Any], inner: Iterable[Inner]) -> Iterator[Inner]:
    """The structs of which less is given than they need where none is stored."""
    for one in inner:
        part = given.get(one.path[-1])
        if not isinstance(part, dict):
            continue
        members = cast("dict[str, Any]", part)
        within = list(incomplete(members, one.inner))
        if within or not all(name in members for name in one.required):
            yield one
        yield from within


def check_merge(
    stored: dict[str, Any],
    given: dict[str, Any],
    fixed: Iterable[Leaf],
    inner: Iterable[Inner],
) -> None:
    """Looks whether one may lie over the other.

    Raises:
        InvalidArgument: A value that never changes would, or a struct lacks what it must have.
    """
    changed = [
        ".".join(leaf.path)
        for leaf in fixed
        if (new := at_path(given, leaf.path)) is not UNSET
        and new != (leaf.default if (old := at_path(stored, leaf.path)) is UNSET else old)
    ]
    if changed:
        raise immutable(changed)
    for one in incomplete(given, inner):
        if not isinstance(at_path(stored, one.path), dict):
            raise unset(".".join(one.path))


def merge(stored: Any, given: Any, annotation: Any) -> Any:
    """A value as it is to be stored, with what is stored and unknown to its type.

    Args:
        stored: Plain data.
        given: Plain data that fits the type, or of a struct a part of it.
        annotation: The type.
    """
    plain, _, _ = split(annotation)
    if isinstance(given, dict) and isinstance(stored, dict):
        return _merged_object(cast("Any", stored), cast("Any", given), plain)
    if isinstance(given, list) and isinstance(stored, list):
        kind = item_of(plain)
        if kind is not None and any(map(is_struct, parts(kind))):
            placed = get_origin(plain) is tuple
            return _merged_items(cast("Any", stored), cast("Any", given), kind, placed=placed)
    return cast("Any", given)


def _merged_object(below: dict[str, Any], above: dict[str, Any], plain: Any) -> dict[str, Any]:
    struct = _struct_of(plain, above, below)
    if struct is not None:
        return below | _merged_fields(below, above, struct)
    if get_origin(plain) is Mapping:
        kind = get_args(plain)[1]
        return {key: merge(below.get(key), one, kind) for key, one in above.items()}
    return above


def _merged_fields(stored: dict[str, Any], given: dict[str, Any], struct: Any) -> dict[str, Any]:
    kinds = {field.encode_name: field.type for field in msgspec.structs.fields(struct)}
    return {
        name: merge(stored.get(name), one, kinds[name]) if name in kinds else one
        for name, one in given.items()
    }


def _merged_items(stored: list[Any], given: list[Any], kind: Any, *, placed: bool) -> list[Any]:
    """Each item over the stored one that it equals, as far as this release knows.

    One that equals none lies over the stored one in its place, if the list has kept its length.
    """
    known = [_known(one, kind) for one in stored]
    free = set(range(len(stored)))
    over: dict[int, int] = {}
    for at, item in enumerate(given):
        same = next((one for one in sorted(free) if known[one] == item), None)
        if same is not None:
            over[at] = same
            free.discard(same)
    if placed and len(stored) == len(given):
        over |= {at: at for at in range(len(given)) if at not in over and at in free}
    return [
        merge(stored[over[at]], item, kind) if at in over else item for at, item in enumerate(given)
    ]


def _known(stored: Any, kind: Any) -> Any:
    """A stored value as this release would write it."""
    try:
        return msgspec.json.decode(msgspec.json.encode(msgspec.convert(stored, kind)))
    except msgspec.ValidationError:
        return None


def _struct_of(plain: Any, given: dict[str, Any], stored: dict[str, Any]) -> Any | None:
    """The struct that both are of; None if they are of none, or of two."""
    inside = get_args(plain) if get_origin(plain) in (Union, types.UnionType) else (plain,)
    options = list(filter(is_struct, inside))
    for option in options:
        config = (get_origin(option) or option).__struct_config__
        if config.tag is None:
            return option if len(options) == 1 else None
        if given.get(config.tag_field) == config.tag:
            return option if stored.get(config.tag_field) == config.tag else None
    return None


def _document_fields(model: EntityModel) -> tuple[msgspec.structs.FieldInfo, ...]:
    return tuple(one for one in msgspec.structs.fields(model.cls) if one.name in model.names)


def _inner(
    fields: Iterable[msgspec.structs.FieldInfo], path: Path, around: tuple[Any, ...]
) -> tuple[Inner, ...]:
    plain = [(field.encode_name, *split(field.type)[:2]) for field in fields]
    return tuple(
        Inner((*path, name), struct, around)
        for name, struct, marks in plain
        if is_mergeable(struct, around) and not _is_sealed(marks)
    )


def _loaded(
    fields: Iterable[msgspec.structs.FieldInfo], path: Path, around: tuple[Any, ...]
) -> Iterator[Path]:
    for field in fields:
        plain, marks, _ = split(field.type)
        where = (*path, field.encode_name)
        if is_mergeable(plain, around) and not _is_sealed(marks):
            yield from _loaded(msgspec.structs.fields(plain), where, (*around, plain))
        elif any(map(is_struct, parts(plain))):
            yield where


def _is_sealed(marks: tuple[Any, ...]) -> bool:
    """Whether a struct is one sealed value, into which no statement looks."""
    return any(isinstance(one, Personal) and one.sealed for one in marks)


def touches(value: Any, path: Path) -> bool:
    """Whether something is said of a path."""
    for step in path:
        if value is None:
            return False
        value = getattr(value, step)
        if value is UNSET:
            return False
    return True


def at_path(document: Any, path: Path) -> Any:
    """What stands at a path of a document; UNSET where nothing does."""
    for step in path:
        if not isinstance(document, dict) or step not in document:
            return UNSET
        document = cast("dict[str, Any]", document)[step]
    return document
