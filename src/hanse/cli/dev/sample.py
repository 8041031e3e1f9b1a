"""A line for the terminal that calls a service, made from its contract."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hanse.runtime.contract.description import AnyOf, Choice, Many, Ref, Row, Scalar, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hanse.runtime.contract.description import (
        ContractDescription,
        FieldDescription,
        MethodDescription,
        Shape,
    )

_SCALARS: dict[str, Any] = {
    "null": None, "boolean": True, "integer": 1, "number": 1.5, "bytes": "AAAA",
    "datetime": "2026-01-01T09:00:00Z", "date": "2026-01-01", "time": "09:00:00",
    "duration": "PT1M", "uuid": "00000000-0000-4000-8000-000000000000", "decimal": "1.50",
    "any": {},
}  # fmt: skip


def sample_curl(url: str, contracts: Sequence[ContractDescription]) -> str:
    """A curl line for the method that is easiest to try: one that is public, if there is any.

    Args:
        url: Where it is served.
        contracts: What is served; empty text comes back when none has a route.
    """
    reachable = [(one, method) for one in contracts for method in one.methods if method.path]
    if not reachable:
        return ""
    contract, method = min(reachable, key=lambda each: each[1].permission != "public")
    return _curl(url, method, _Values(contract))


def _curl(url: str, method: MethodDescription, values: _Values) -> str:
    given = {each.name: values.of(each) for each in method.arguments if each.required}
    path = str(method.path)
    for name in [name for name in given if f"{{{name}}}" in path]:
        path = path.replace(f"{{{name}}}", quote(str(given.pop(name)), safe=""))
    words = ["curl"]
    if method.permission != "public":
        words.append('-H "authorization: Bearer $(hanse token)"')
    if method.verb in {"GET", "DELETE"}:
        query = "&".join(f"{name}={quote(str(value))}" for name, value in given.items())
        words += [] if method.verb == "GET" else ["-X DELETE"]
        return " ".join([*words, shlex.quote(f"{url}{path}" + (f"?{query}" if query else ""))])
    words += [] if method.verb == "POST" else [f"-X {method.verb}"]
    words += ["-H content-type:application/json", f"-d {shlex.quote(json.dumps(given))}"]
    return " ".join([*words, f"{url}{path}"])


class _Values:
    """Values that fit the shapes of one contract, as far as a shape tells."""

    def __init__(self, contract: ContractDescription) -> None:
        self._types = {each.name: each for each in contract.types}

    def of(self, field: FieldDescription) -> Any:
        return self._value(field.shape, field.name)

    def _value(self, shape: Shape, name: str) -> Any:
        match shape:
            case Scalar(name="string", min_length=shortest):
                text = "Ada" if name == "name" else name
                return text.ljust(shortest or 0, "x")
            case Scalar(name="integer", minimum=int(least)):
                return least
            case Scalar():
                return _SCALARS.get(shape.name)
            case Choice(values=values):
                return values[0]
            case AnyOf(options=options):
                return self._value(options[0], name)
            case Many(item=item):
                return [self._value(item, name)]
            case Row(items=items):
                return [self._value(item, name) for item in items]
            case Table():
                return {}
            case Ref(name=struct):
                described = self._types[struct]
                tag = {described.tag_field: described.tag} if described.tag_field else {}
                required = [field for field in described.fields if field.required]
                return tag | {field.name: self.of(field) for field in required}
