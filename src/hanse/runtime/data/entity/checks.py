"""What can be wrong with an entity's declaration, each with its remedy."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Any, get_origin

import msgspec
from msgspec import inspect as types

from hanse.kit.type_id import is_prefix
from hanse.runtime.config.secret import Secret
from hanse.runtime.contract.file import File
from hanse.runtime.contract.immutable import flaws, is_struct, parts
from hanse.runtime.data.entity.columns import COLUMNS, DELETE_TIME
from hanse.runtime.data.entity.marks import Immutable, Indexed, Unique
from hanse.runtime.data.entity.personal import is_blind, is_sealed
from hanse.runtime.data.entity.references import declared_references
from hanse.runtime.data.entity.table_index import part_of
from hanse.runtime.data.migrations.schema_name import check_schema

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from hanse.runtime.contract.mistakes import Mistakes
    from hanse.runtime.data.entity.leaf import Leaf
    from hanse.runtime.data.entity.marks import Index
    from hanse.runtime.data.entity.model import EntityModel

LENGTH_MAX = 500
"""Characters of an indexed text: PostgreSQL refuses rows with index entries over 2,704 bytes."""

TOGETHER_MAX = 600
"""Characters of all texts of one index, of up to four bytes each, beside site and id."""

FIELDS_MAX = 8

_TABLE = re.compile(r"[a-z][a-z0-9_]{0,47}\.[a-z][a-z0-9_]{0,47}")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def check_declaration(model: EntityModel, table: str, mistakes: Mistakes) -> bool:
    """Notes what is wrong with the class as a whole; whether its fields can be looked at."""
    cls, where = model.cls, model.cls.__name__
    if not _is_entity(cls):
        mistakes.add(where, "is no Entity", f"class {where}(Entity)")
        return False
    if not _TABLE.fullmatch(table):
        remedy = 'schema and table in snake_case, like "crm.contacts"'
        mistakes.add(where, f"{table!r} is no table", remedy)
    else:
        check_schema(model.schema, where, mistakes)
    if not model.prefix or not is_prefix(model.prefix):
        remedy = 'prefix="…" of a to z and inner underscores, 63 at most'
        mistakes.add(where, f"its ids cannot begin with {model.prefix!r}", remedy)
    _check_names(model, mistakes)
    return check_types(cls, mistakes, fit=[Secret], skipped=COLUMNS)


def check_types(
    cls: Any, mistakes: Mistakes, *, fit: Collection[type] = (), skipped: Collection[str] = ()
) -> bool:
    """Notes what is wrong with what a class holds; whether its fields can be looked at.

    Args:
        cls: A struct.
        mistakes: Where it is noted.
        fit: Types that are no immutable data and may stand in it.
        skipped: Fields that are not looked at for the times they hold.
    """
    where = cls.__name__
    found = list(flaws(cls, fit=fit))
    for what, remedy in found:
        mistakes.add(where, what, remedy)
    try:
        types.type_info(cls)
    except Exception as error:  # noqa: BLE001 - msgspec raises what it likes for odd types
        if not found:
            mistakes.add(where, f"has a field that JSON cannot carry ({error})", "use a Struct")
        return False
    check_structs(cls, mistakes)
    check_instants(cls, mistakes, skipped=skipped)
    check_defaults(cls, mistakes)
    return True


def check_leaf(leaf: Leaf, owner: str, mistakes: Mistakes) -> None:
    """Notes marks that a field cannot carry."""
    where = f"{owner}.{leaf.name}"
    if leaf.has(Indexed) and leaf.has(Unique):
        mistakes.add(where, "is Indexed and Unique", "Unique is an index already")
    if leaf.has(Immutable) and leaf.many:
        mistakes.add(where, "is an immutable list", "put Immutable at a field that is no list")


_OTHER_SCHEMA = (
    "its service alone knows what is there: keep the id as a str, and call that service before it "
    "is written; or store both in one schema"
)


def check_references(model: EntityModel, mistakes: Mistakes) -> None:
    """Notes ids of what is not stored."""
    for where, reference in declared_references(model.cls):
        target = reference.target
        if target is File:
            continue
        if isinstance(target, str):
            if target != model.cls.__name__:
                what = f"refers to {target!r} by name"
                mistakes.add(where, what, "only the own class is named in quotes")
        elif not _is_entity(target) or "__entity__" not in vars(target):
            what = f"refers to {target!r}, which is not stored"
            mistakes.add(where, what, 'Ref[…] takes a class below @entity("…")')
        elif target.__entity__.schema != model.schema:
            what = f"refers to {target.__entity__.full_table}, of another schema"
            mistakes.add(where, what, _OTHER_SCHEMA)


def check_index(
    index: Index, found: dict[str, Leaf], model: EntityModel, mistakes: Mistakes
) -> None:
    """Notes an index that cannot be made."""
    where = f"{model.cls.__name__} Index({', '.join(map(repr, index.fields))})"
    if not index.fields or len(index.fields) > FIELDS_MAX:
        mistakes.add(where, "has no field or too many", f"name 1 to {FIELDS_MAX}")
    named = [text.removeprefix("-") for text in index.fields]
    if len(set(named)) < len(named):
        mistakes.add(where, "names a field twice", "once is enough")
    fitting = [_leaf_of(name, found, model, where, mistakes) for name in named]
    leaves = [leaf for leaf in fitting if leaf is not None]
    if any(leaf.many for leaf in leaves) and (len(named) > 1 or index.unique):
        what = "a list is indexed by itself, and never unique"
        mistakes.add(where, what, "Annotated[tuple[…, ...], Indexed()] at the field")
    lengths = [leaf.length or 0 for leaf in leaves if leaf.kind == "text" and not is_blind(leaf)]
    if sum(lengths) > TOGETHER_MAX and max(lengths) <= LENGTH_MAX:
        what = f"its texts have up to {sum(lengths)} characters together"
        mistakes.add(where, what, f"{TOGETHER_MAX} at most: shorten them or leave one out")


def _leaf_of(
    name: str, found: dict[str, Leaf], model: EntityModel, where: str, mistakes: Mistakes
) -> Leaf | None:
    path, _ = part_of(name)
    if len(path) == 1 and path[0] in model.columns:
        return None
    leaf = found.get(name)
    if leaf is None:
        inner = any(one.startswith(f"{name}.") for one in found)
        remedy = f"name a value inside it, like {name}.…" if inner else _known(found)
        mistakes.add(where, f"there is no value {name!r} to index", remedy)
        return None
    if is_sealed(leaf):
        return _searched(leaf, where, mistakes)
    if leaf.kind is None:
        remedy = "index texts, numbers, booleans, dates, instants, UUIDs, or lists of them"
        mistakes.add(where, f"{name} is of a type that sorts no way", remedy)
        return None
    if leaf.kind == "text" and (leaf.length is None or leaf.length > LENGTH_MAX):
        remedy = f"Length(…, {LENGTH_MAX}) or less"
        mistakes.add(where, f"{name} is a text without a bound that fits an index", remedy)
        return None
    return leaf


def _searched(leaf: Leaf, where: str, mistakes: Mistakes) -> Leaf | None:
    """A sealed text that an index can be of; what stands in that is of one length."""
    if is_blind(leaf):
        return leaf
    if not leaf.has(Indexed):  # of which is told at the field
        remedy = "Searchable() has it be found, Personal(…, sealed=False) keeps it in clear"
        mistakes.add(where, f"{leaf.name} is sealed, so that no order of it is known", remedy)
    return None


def _known(found: dict[str, Leaf]) -> str:
    return "there are " + ", ".join(sorted(found)) if found else "it has no fields"


def _is_entity(cls: Any) -> bool:
    from hanse.runtime.data.entity.entity import Entity  # above this, as it reads its class

    return isinstance(cls, type) and issubclass(cls, Entity) and cls is not Entity


def _check_names(model: EntityModel, mistakes: Mistakes) -> None:
    cls = model.cls
    written = {name for parent in cls.__mro__ if _is_entity(parent) for name in _annotated(parent)}
    for name in sorted(written.intersection(COLUMNS)):
        mistakes.add(f"{cls.__name__}.{name}", "is a field of every entity", "name it otherwise")
    for field in msgspec.structs.fields(cls):
        if not _NAME.fullmatch(field.name):
            mistakes.add(f"{cls.__name__}.{field.name}", "is not snake_case", "rename it")
    deleted = next((one for one in msgspec.structs.fields(cls) if one.name == DELETE_TIME), None)
    if deleted is not None and not (model.soft and deleted.default is None):
        remedy = 'deletes="soft" and delete_time: Instant | None = None'
        mistakes.add(f"{cls.__name__}.delete_time", "is when it was deleted softly", remedy)


def _annotated(cls: type) -> dict[str, Any]:
    return vars(cls).get("__annotations__", {})


def check_structs(cls: type, mistakes: Mistakes) -> None:
    """Notes structs whose JSON another release could not read or write back."""
    if msgspec.UnsetType in parts(cls):
        mistakes.add(cls.__name__, "has a field that may be unset", "take None for what is not")
    for struct in filter(is_struct, parts(cls)):
        plain: Any = get_origin(struct) or struct
        config = plain.__struct_config__
        if config.omit_defaults:
            what = "omits defaults, so a field could not be set back to its own"
            mistakes.add(plain.__name__, what, "take omit_defaults out")
        if config.forbid_unknown_fields:
            what = "forbids unknown fields, which another release may have written"
            mistakes.add(plain.__name__, what, "take forbid_unknown_fields out")
        if any(one.name != one.encode_name for one in msgspec.structs.fields(struct)):
            mistakes.add(plain.__name__, "has other names in JSON", "take rename out")
        if config.array_like:
            what = "is an array in JSON, which loses what it does not know"
            mistakes.add(plain.__name__, what, "take array_like out")


def check_defaults(cls: type, mistakes: Mistakes) -> None:
    """A default that breaks its own rule could never be stored."""
    for field in msgspec.structs.fields(cls):
        if field.required:
            continue
        value = field.default if field.default_factory is msgspec.NODEFAULT else None
        if field.default_factory is not msgspec.NODEFAULT:
            value = field.default_factory()
        try:
            msgspec.json.decode(msgspec.json.encode(value), type=field.type)
        except (TypeError, ValueError, msgspec.MsgspecError) as error:
            what = f"its default breaks its own rule ({error})"
            mistakes.add(f"{cls.__name__}.{field.name}", what, "change one of the two")


def check_instants(cls: type, mistakes: Mistakes, skipped: Collection[str] = ()) -> None:
    """Every moment has a zone: without one nobody can say which of two is later."""
    for owner, name in _naive(cls, skipped):
        remedy = "Instant of hanse, or Annotated[datetime, Meta(tz=True)]"
        mistakes.add(f"{owner}.{name}", "is a datetime that need not have a zone", remedy)


def _naive(cls: type, skipped: Collection[str]) -> Iterator[tuple[str, str]]:
    seen: set[type] = set()
    waiting: deque[Any] = deque([types.type_info(cls)])
    while waiting:
        struct = waiting.popleft()
        if struct.cls in seen:
            continue
        seen.add(struct.cls)
        for field in struct.fields:
            if struct.cls is cls and field.name in skipped:
                continue
            for info in _spread(field.type):
                if isinstance(info, types.StructType):
                    waiting.append(info)
                elif isinstance(info, types.DateTimeType) and info.tz is not True:
                    yield struct.cls.__name__, field.name


def _spread(info: Any) -> Iterator[Any]:
    """A type and all inside it, down to structs."""
    yield info
    inner = [
        *(getattr(info, "types", ())),
        *(getattr(info, "item_types", ())),
        *(getattr(info, name, None) for name in ("type", "item_type", "key_type", "value_type")),
    ]
    for one in inner:
        if isinstance(one, types.Type):
            yield from _spread(one)
