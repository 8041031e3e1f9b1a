"""Shapes as JSON Schema 2020-12, saying exactly what the decoder of the public door accepts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from hanse.runtime.contract.description import (
    AnyOf,
    Choice,
    ContractDescription,
    FieldDescription,
    Many,
    Ref,
    Row,
    Scalar,
    Shape,
    Table,
    TypeDescription,
)
from hanse.runtime.publish.naming import TypeKey
from hanse.runtime.publish.outside import inbound_types, union_types

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1

_BASE64 = "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
_DECIMAL = r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?$"
_HOUR_MINUTE = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_TIME = rf"^{_HOUR_MINUTE}:[0-5][0-9](?:\.[0-9]{{1,6}})?(?:Z|[+-]{_HOUR_MINUTE})?$"
# Days, hours, minutes and seconds are all the codec knows of ISO 8601 durations: months have no
# length. The numbers of digits keep the sum inside what a timedelta holds.
_CLOCK = "(?:[0-9]{1,9}H)?(?:[0-9]{1,9}M)?(?:[0-9]{1,9}(?:[.][0-9]{1,6})?S)?"
_DURATION = f"^[+-]?P(?=[0-9T])(?:[0-9]{{1,8}}D)?(?:T(?=[0-9]){_CLOCK})?$"

# `format: time` of JSON Schema demands an offset and `format: duration` allows months, so both
# would be untrue; a pattern says what is so.
_SCALARS: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "integer": {"type": "integer", "format": "int64"},
    "number": {"type": "number", "format": "double"},
    "boolean": {"type": "boolean"},
    "bytes": {"type": "string", "contentEncoding": "base64", "pattern": _BASE64},
    "datetime": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "pattern": _TIME, "description": "Time of day, ISO 8601."},
    "duration": {
        "type": "string",
        "pattern": _DURATION,
        "description": "ISO 8601 duration of days, hours, minutes and seconds, e.g. `PT1H30M`.",
    },
    "uuid": {"type": "string", "format": "uuid"},
    # A number is taken too, with the digits a client's arithmetic has left; text is answered.
    "decimal": {
        "type": ["string", "number"],
        "pattern": _DECIMAL,
        "description": "Decimal number, as text so that no digit is lost.",
    },
    "any": {},
    "null": {"type": "null"},
}


class ComponentUses(NamedTuple):
    """Names of components that are part of a request, and of those told apart by their tag."""

    inbound: frozenset[str]
    tagged: frozenset[str]


def component_uses(
    contracts: Iterable[ContractDescription], names: Mapping[TypeKey, str]
) -> ComponentUses:
    """How the contracts together use the types published under these names."""
    contracts = list(contracts)
    inbound = {names[c.full_name, name] for c in contracts for name in inbound_types(c)}
    tagged = {names[c.full_name, name] for c in contracts for name in union_types(c)}
    return ComponentUses(frozenset(inbound), frozenset(tagged))


class SchemaWriter:
    """Writes the schemas of one contract.

    Args:
        contract: Whose types the shapes refer to.
        names: Name of each type among the components.
        uses: How the components are used, by all contracts that share them.
    """

    def __init__(
        self, contract: ContractDescription, names: Mapping[str, str], uses: ComponentUses
    ) -> None:
        self._types = {described.name: described for described in contract.types}
        self._names = names
        self._uses = uses

    def components(self) -> dict[str, Any]:
        """The schema of every type of the contract, by its component's name."""
        return {self._names[name]: self._struct(each) for name, each in self._types.items()}

    def shape(self, shape: Shape) -> dict[str, Any]:
        """The schema of a value of this shape."""
        match shape:
            case Scalar():
                return scalar_schema(shape)
            case Choice():
                return _choice(shape)
            case Many():
                unique = {"uniqueItems": True} if shape.unique else {}
                return {"type": "array", "items": self.shape(shape.item), **unique, **_size(shape)}
            case Row():
                return self._row(shape)
            case Table():
                return {"type": "object", "additionalProperties": self.shape(shape.value)}
            case Ref():
                return self._ref(shape)
            case AnyOf():
                return self._any_of(shape)

    def field(self, field: FieldDescription) -> dict[str, Any]:
        """The schema of a field, with its documentation and default."""
        schema = self.shape(field.shape)
        if field.doc:
            schema["description"] = field.doc
        if not field.required and field.default is not None:
            schema["default"] = msgspec.to_builtins(field.default)
        if field.write_only:
            schema["writeOnly"] = True
        return schema

    def struct(self, fields: tuple[FieldDescription, ...]) -> dict[str, Any]:
        """The schema of an object with these fields."""
        schema: dict[str, Any] = {
            "type": "object",
            "properties": {field.name: self.field(field) for field in fields},
        }
        if required := [field.name for field in fields if field.required]:
            schema["required"] = required
        return schema

    def _struct(self, described: TypeDescription) -> dict[str, Any]:
        schema = self.struct(described.fields)
        if described.tag_field:
            tag = {described.tag_field: {"const": described.tag}}
            schema["properties"] = tag | schema["properties"]
            # Alone, a struct is accepted without its tag; among others it could not be told apart.
            if self._names[described.name] in self._uses.tagged:
                schema["required"] = [described.tag_field, *schema.get("required", [])]
        if self._names[described.name] in self._uses.inbound:
            schema["additionalProperties"] = False
        if described.doc:
            schema["description"] = described.doc
        return schema

    def _row(self, row: Row) -> dict[str, Any]:
        places = [self.shape(item) for item in row.items]
        length = {"minItems": len(places), "maxItems": len(places)}
        return {"type": "array", "prefixItems": places, "items": False, **length}

    def _ref(self, ref: Ref) -> dict[str, Any]:
        return {"$ref": f"#/components/schemas/{self._names[ref.name]}"}

    def _any_of(self, union: AnyOf) -> dict[str, Any]:
        refs = [option for option in union.options if isinstance(option, Ref)]
        rest = [self.shape(option) for option in union.options if not isinstance(option, Ref)]
        structs = [self._tagged(refs)] if len(refs) > 1 else [self._ref(ref) for ref in refs]
        options = [*structs, *rest]
        return options[0] if len(options) == 1 else {"anyOf": options}

    def _tagged(self, refs: list[Ref]) -> dict[str, Any]:
        schema: dict[str, Any] = {"oneOf": [self._ref(ref) for ref in refs]}
        types = [self._types[ref.name] for ref in refs]
        # The keys of a discriminator's mapping are strings; numeric tags get along by `const`.
        if all(isinstance(described.tag, str) for described in types):
            schema["discriminator"] = {
                "propertyName": types[0].tag_field,
                "mapping": {each.tag: self._ref(Ref(each.name))["$ref"] for each in types},
            }
        return schema


def scalar_schema(scalar: Scalar) -> dict[str, Any]:
    """The schema of a scalar with its constraints."""
    schema = dict(_SCALARS[scalar.name])
    if scalar.name in ("integer", "number"):
        return schema | _range(scalar)
    if scalar.name == "bytes":
        return schema | _encoded_length(scalar)
    if scalar.pattern is not None:
        schema["pattern"] = ecma_pattern(scalar.pattern)
    if scalar.min_length is not None:
        schema["minLength"] = scalar.min_length
    if scalar.max_length is not None:
        schema["maxLength"] = scalar.max_length
    return schema


def _range(scalar: Scalar) -> dict[str, Any]:
    bounds = {
        "minimum": scalar.minimum,
        "maximum": scalar.maximum,
        "exclusiveMinimum": scalar.exclusive_minimum,
        "exclusiveMaximum": scalar.exclusive_maximum,
        "multipleOf": scalar.multiple_of,
    }
    if scalar.name == "number":
        return {keyword: bound for keyword, bound in bounds.items() if bound is not None}
    if scalar.minimum is None and scalar.exclusive_minimum is None:
        bounds["minimum"] = INT64_MIN
    if scalar.maximum is None and scalar.exclusive_maximum is None:
        bounds["maximum"] = INT64_MAX
    # A bound is a float in the description, and the float nearest to 2**63 - 1 lies above it.
    return {
        keyword: max(INT64_MIN, min(INT64_MAX, int(bound)))
        for keyword, bound in bounds.items()
        if bound is not None
    }


def _encoded_length(scalar: Scalar) -> dict[str, Any]:
    """Limits of the base64 text, RFC 4648: four characters for each three bytes begun."""
    limits = {"minLength": scalar.min_length, "maxLength": scalar.max_length}
    return {key: -(-size // 3) * 4 for key, size in limits.items() if size is not None}


def ecma_pattern(pattern: str) -> str:
    """A Python regular expression in the words of ECMA-262, as JSON Schema wants it."""
    return re.sub(r"\\A", "^", re.sub(r"\\[Zz]", "$", pattern)).replace("(?P<", "(?<")


def _choice(choice: Choice) -> dict[str, Any]:
    kinds = sorted({"string" if isinstance(value, str) else "integer" for value in choice.values})
    schema: dict[str, Any] = {"enum": list(choice.values)}
    if len(kinds) == 1:
        schema = {"type": kinds[0], **schema}
    return {"title": choice.name, **schema} if choice.name else schema


def _size(many: Many) -> dict[str, int]:
    limits = {"minItems": many.min_length, "maxItems": many.max_length}
    return {keyword: limit for keyword, limit in limits.items() if limit is not None}
