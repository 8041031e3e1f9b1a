"""What can be wrong with an event's declaration, each with its remedy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.runtime.contract.file import File
from hanse.runtime.contract.immutable import parts
from hanse.runtime.data.entity.checks import check_types
from hanse.runtime.data.entity.marks import Keep, Personal
from hanse.runtime.data.entity.personal import check_rule, strays

if TYPE_CHECKING:
    from hanse.runtime.contract.mistakes import Mistakes
    from hanse.runtime.data.entity.leaf import Leaf
    from hanse.runtime.data.query.fields import Path
    from hanse.runtime.events.model import EventModel

_PACKAGE = re.compile(r"[a-z][a-z0-9_]*(?:[.][a-z][a-z0-9_]*)*[.]v[0-9]+(?:(?:alpha|beta)[0-9]+)?")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_KEYS = ("text", "uuid", "integer")


def check_class(model: EventModel, mistakes: Mistakes) -> bool:
    """Notes what is wrong with the class as a whole; whether its fields can be looked at."""
    cls, where = model.cls, model.name
    if not _is_event(cls):
        mistakes.add(where, "is no Event", f"class {where}(Event)")
        return False
    if not _PACKAGE.fullmatch(model.package):
        remedy = "name domain and version, like hiring.v1"
        mistakes.add(where, f"{model.package!r} is no package", remedy)
    for field in msgspec.structs.fields(cls):
        at = f"{where}.{field.name}"
        if not _NAME.fullmatch(field.name):
            mistakes.add(at, "is not snake_case", "rename it")
        if File in parts(field.type):
            what = "holds a File, which nobody keeps for its readers"
            mistakes.add(at, what, "name by its id the entity that the file is a field of")
    return check_types(cls, mistakes)


def check_fields(model: EventModel, mistakes: Mistakes) -> None:
    """Notes what is wrong with its key, and with what it says of persons."""
    by_name = {leaf.name: leaf for leaf in model.leaves}
    personal = {one.leaf.name for one in model.personal}
    if model.key:
        _check_key(".".join(model.key), by_name, personal, model, mistakes)
    for leaf in model.leaves:
        mark = next((one for one in leaf.marks if isinstance(one, Personal)), None)
        if mark is not None:
            _check_personal(leaf, mark, model, mistakes)
    for name in sorted({".".join(one) for one in _persons(model) if one}):
        _check_person(name, by_name, model, mistakes)
    for where, what in strays(model.cls, model.leaves):
        mistakes.add(where, what, "put the mark at the whole: the list, map or struct around it")


def _check_key(
    name: str,
    by_name: dict[str, Leaf],
    personal: set[str],
    model: EventModel,
    mistakes: Mistakes,
) -> None:
    where = f"{model.name} key={name!r}"
    leaf = by_name.get(name)
    fitting = [one for one in by_name.values() if _can_order(one) and one.name not in personal]
    remedy = "name " + ", ".join(one.name for one in fitting) if fitting else 'take key="…" out'
    if leaf is None:
        mistakes.add(where, "is no value of it", remedy)
    elif name in personal:
        mistakes.add(where, "is personal, and would leave in clear", remedy)
    elif not _can_order(leaf):
        mistakes.add(where, "is no text, whole number or UUID that is always there", remedy)


def _can_order(leaf: Leaf) -> bool:
    return leaf.kind in _KEYS and not leaf.many and not leaf.nullable


def _check_personal(leaf: Leaf, mark: Personal, model: EventModel, mistakes: Mistakes) -> None:
    where = f"{model.name}.{leaf.name}"
    if isinstance(mark.erase, Keep):
        what = "is kept longer than its person, and nothing of an event is"
        mistakes.add(where, what, 'Personal(erase="row"), or erase="field"')
    else:
        check_rule(leaf, mark, where, mistakes)
    if not mark.sealed:
        what = "is personal and in clear, and nothing erases what was told"
        mistakes.add(where, what, "take sealed=False out")
    if not mark.of and not model.person:
        remedy = '@event(…, person="…"), the field that holds the person\'s id'
        mistakes.add(where, "is personal, and nothing says whose it is", remedy)


def _check_person(
    name: str, by_name: dict[str, Leaf], model: EventModel, mistakes: Mistakes
) -> None:
    leaf = by_name.get(name)
    if leaf is None or leaf.kind != "text" or leaf.many:
        texts = [one.name for one in by_name.values() if one.kind == "text" and not one.many]
        remedy = "name " + ", ".join(texts) if texts else "add a text that holds it"
        where = f"{model.name} person={name!r}"
        mistakes.add(where, "is no text that could hold a person's id", remedy)


def _persons(model: EventModel) -> set[Path]:
    return {model.person, *(one.person for one in model.personal)}


def _is_event(cls: Any) -> bool:
    from hanse.runtime.events.event import Event  # above this, as it reads its class

    return isinstance(cls, type) and issubclass(cls, Event) and cls is not Event
