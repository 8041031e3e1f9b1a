"""Which fields of an item are wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, cast

from hanse.runtime.data.query.query import FIELDS_MAX
from hanse.runtime.data.query.refusal import listed, shown

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hanse.runtime.data.query.refusal import Violations

_Mask: TypeAlias = "dict[str, _Mask | None]"


class Projection:
    """Takes what is wanted out of documents; in Python, so that old ones can be brought up first.

    Args:
        names: Paths like `address.city`; what lies below one of them belongs to it.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._mask: _Mask = {}
        for name in sorted(names, key=len):  # the shorter one is the wider one
            *outer, last = name.split(".")
            mask: _Mask | None = self._mask
            for step in outer:
                mask = mask.setdefault(step, {}) if mask is not None else None
            if mask is not None:
                mask.setdefault(last, None)

    def of(self, document: dict[str, Any]) -> dict[str, Any]:
        """The wanted part of a document; lists of structs keep their length."""
        return _taken(document, self._mask)


def read_fields(
    fields: Sequence[str], names: Collection[str], violations: Violations
) -> Projection | None:
    """The projection that a query asks for, or None if it wants everything.

    Args:
        fields: As the query has them.
        names: What there is to want.
        violations: What is wrong goes there.
    """
    if not fields:
        return None
    if len(fields) > FIELDS_MAX:
        message = f"a query names {FIELDS_MAX} fields at most."
        violations.add("fields", f"length <= {FIELDS_MAX}", message)
        return None
    for number, name in enumerate(fields):
        if name not in names:
            message = f"there is no field {shown(name)}; there are {listed(names)}."
            violations.add(f"fields[{number}]", "unknown", message)
    return Projection(fields)


def _taken(given: Any, mask: _Mask) -> Any:
    if isinstance(given, list):
        return [_taken(each, mask) for each in cast("list[Any]", given)]
    if not isinstance(given, dict):
        return given
    document = cast("dict[str, Any]", given)
    return {
        name: document[name] if below is None else _taken(document[name], below)
        for name, below in mask.items()
        if name in document
    }
