"""What a row says of an entity: values of the types that its fields have, or what is wrong."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Mapping
from types import UnionType
from typing import Any, Union, get_args, get_origin

import msgspec

from hanse.cli.imports.rows import Row, field_of
from hanse.runtime.contract.immutable import unwrapped
from hanse.runtime.contract.method import invalid
from hanse.runtime.errors import Violation
from hanse.runtime.project.strict import like

OUTPUT_ONLY = frozenset({"id", "revision", "create_time", "update_time", "delete_time"})
"""Given by whoever stores it."""

_BETWEEN = re.compile(r"[;|\n]")
"""What stands between the values of a list in one cell; commas are part of places and names."""

_WORDS = {"yes": True, "no": False}


class Wanted(msgspec.Struct, frozen=True):
    """What a row wants of an entity.

    Attributes:
        line: Where the row begins.
        key: The key's value, as text; empty where it is not given.
        values: By field; those that the row does not name are not in it.
        violations: What is wrong; then nothing is done for it.
    """

    line: int
    key: str
    values: dict[str, Any]
    violations: tuple[Violation, ...] = ()


class RowReader:
    """Reads rows for one class of entities.

    Args:
        cls: The class.
        key: The field that entities are known by.
        texts: Whether values are cells of CSV.
    """

    def __init__(self, cls: type[msgspec.Struct], key: str, *, texts: bool) -> None:
        fields = msgspec.structs.fields(cls)
        self._key = key
        self._texts = texts
        self.fields = {one.name: one for one in fields if one.name not in OUTPUT_ONLY}
        self.required = frozenset(name for name, one in self.fields.items() if one.required)

    def unknown(self, fields: Collection[str]) -> list[str]:
        """A sentence for each column that is no field."""
        return [self._unknown(name).message for name in fields if name not in self.fields]

    def read(self, row: Row) -> Wanted:
        """The row's values, all that is wrong with them, or both."""
        if row.problem:
            return Wanted(row.line, "", {}, (Violation("", "row", row.problem),))
        values: dict[str, Any] = {}
        violations: list[Violation] = []
        for given, value in row.values.items():
            name = given if given in self.fields else field_of(given)
            if name not in self.fields:
                violations.append(self._unknown(given))
                continue
            try:
                values[name] = self._value(name, value)
            except msgspec.ValidationError as error:
                violations += _violations(error, self._alone(name))
            except msgspec.DecodeError:
                said = f"`{name}`: this is no JSON; a cell of it holds some, like {{…}} or [{{…}}]."
                violations.append(Violation(name, "type JSON", said))
        if self._key not in row.values and not violations:
            said = f"`{self._key}` is missing; without it nobody knows which one is meant."
            violations.append(Violation(self._key, "required", said))
        return Wanted(row.line, str(values.get(self._key, "")), values, tuple(violations))

    def missing(self, wanted: Wanted) -> tuple[Violation, ...]:
        """What a new one has to have and the row does not say."""
        lacking = [name for name in self.fields if name in self.required - wanted.values.keys()]
        return tuple(
            Violation(name, "required", f"`{name}` is missing; a new one needs it.")
            for name in lacking
        )

    def _value(self, name: str, value: Any) -> Any:
        if self._texts:
            value = _of_text(value, self.fields[name].type)
        read = msgspec.convert({name: value}, self._alone(name), strict=not self._texts)
        return getattr(read, name)

    @functools.cache  # noqa: B019  one for each field, and a reader lives as long as its file
    def _alone(self, name: str) -> type[msgspec.Struct]:
        """A struct of this field alone, so that what is wrong with it names it."""
        return msgspec.defstruct("Row", [(name, self.fields[name].type)], frozen=True)

    def _unknown(self, name: str) -> Violation:
        if name in OUTPUT_ONLY:
            said = f"`{name}` is given by the server; take the column out."
            return Violation(name, "output_only", said)
        said = f"There is no field `{name}`{like(name, list(self.fields))}"
        return Violation(name, "unknown", said if said.endswith("?") else f"{said}.")


def _violations(error: msgspec.ValidationError, kind: type[msgspec.Struct]) -> list[Violation]:
    return list(invalid(error, kind).violations)


def _of_text(text: str, annotation: Any) -> Any:
    """What a cell stands for, as far as its type has to be known to tell."""
    plain = _plain(annotation)
    if plain is str:
        return text
    trimmed = text.strip()
    if plain is bool:
        return _WORDS.get(trimmed.lower(), trimmed)
    if _is_structured(plain):
        return msgspec.json.decode(trimmed)
    origin = get_origin(plain)
    if origin in {tuple, frozenset}:
        inner = get_args(plain)[0]
        if trimmed.startswith("[") and trimmed.endswith("]"):
            return msgspec.json.decode(trimmed)
        parts = (part.strip() for part in _BETWEEN.split(trimmed))
        return [_of_text(part, inner) for part in parts if part]
    return trimmed


def _plain(annotation: Any) -> Any:
    """A type without its marks, and without the None that may stand beside it."""
    plain = unwrapped(annotation)
    if get_origin(plain) in {Union, UnionType}:
        options = [one for one in get_args(plain) if one is not type(None)]
        return _plain(options[0]) if len(options) == 1 else plain
    return plain


def _is_structured(plain: Any) -> bool:
    """Whether it has parts of its own, which a cell holds as JSON."""
    if get_origin(plain) in {tuple, frozenset}:
        return _is_structured(_plain(get_args(plain)[0]))
    origin = get_origin(plain) or plain
    return isinstance(origin, type) and issubclass(origin, msgspec.Struct | Mapping)
