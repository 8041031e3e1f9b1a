"""The protobuf messages of a contract, without numbers, so shaped that their JSON is ours.

Protobuf's JSON mapping (protobuf.dev/programming-guides/json) and ours agree on strings, booleans,
floats, base64, timestamps, objects, lists and string maps. Where a shape has no message with the
same JSON, the field is a `google.protobuf.Value`, `Struct` or `ListValue` and a comment says why.
"""

from __future__ import annotations

import json

import msgspec

from hanse.runtime.contract.description import (
    AnyOf,
    Choice,
    ContractDescription,
    FieldDescription,
    Many,
    MethodDescription,
    Ref,
    Row,
    Scalar,
    Shape,
    Table,
    TypeDescription,
)
from hanse.runtime.publish.naming import identifier, pascal
from hanse.runtime.publish.wording import doc_lines, field_lines

VALUE, STRUCT, LIST, TIMESTAMP = (
    f"google.protobuf.{name}" for name in ("Value", "Struct", "ListValue", "Timestamp")
)
_NULL = Scalar("null")
_INT32 = (-(2**31), 2**31 - 1)
_INT64_NOTE = "Read as text, as protobuf's JSON writes it, or a number; answered as a number."
_SCALARS = {
    "number": "double",
    "boolean": "bool",
    "bytes": "bytes",
    "datetime": TIMESTAMP,
    "any": VALUE,
    "null": VALUE,
}


class ProtoField(msgspec.Struct, frozen=True):
    """A field without its number.

    Attributes:
        name: Name on the wire.
        label: `optional`, `repeated` or `map`.
        type: A protobuf type, or the key of a message of the same contract.
        local: Whether `type` is such a key.
        notes: Comment lines.
    """

    name: str
    label: str
    type: str
    local: bool
    notes: tuple[str, ...] = ()


class ProtoMessage(msgspec.Struct, frozen=True):
    """A message without numbers; `key` is its name unless another contract has taken that."""

    key: str
    notes: tuple[str, ...]
    fields: tuple[ProtoField, ...]


class ProtoContract(msgspec.Struct, frozen=True):
    """All messages of a contract, and for each method the key of its answer, None for a Struct."""

    messages: tuple[ProtoMessage, ...]
    answers: dict[str, str | None]


def proto_contract(contract: ContractDescription) -> ProtoContract:
    """The messages of the contract, requests and answers first, always in the same order.

    Raises:
        ValueError: A type bears the name of a message made for a union.
    """
    return _Builder(contract).build()


class _Builder:
    def __init__(self, contract: ContractDescription) -> None:
        self._contract = contract
        self._types = {described.name: described for described in contract.types}
        made = {f"{m.rpc_name}{end}" for m in contract.methods for end in ("Request", "Response")}
        made.add(contract.name)
        # A struct may be called like the request made for a method; the made name stays.
        self._keys = {
            name: f"{identifier(name)}Type" if identifier(name) in made else identifier(name)
            for name in self._types
        }
        self._messages: dict[str, ProtoMessage] = {}

    def build(self) -> ProtoContract:
        answers = {method.name: self._method(method) for method in self._contract.methods}
        for described in self._contract.types:
            key = self._keys[described.name]
            self._add(key, doc_lines(described.doc), self._struct(described))
        return ProtoContract(tuple(self._messages.values()), answers)

    def _add(self, key: str, notes: list[str], fields: list[ProtoField]) -> None:
        if key in self._messages:
            raise ValueError(
                f"{self._contract.full_name}: two protobuf messages would be called {key!r}; "
                "rename the type of that name."
            )
        self._messages[key] = ProtoMessage(key, tuple(notes), tuple(fields))

    def _method(self, method: MethodDescription) -> str | None:
        request = f"{method.rpc_name}Request"
        self._add(request, [], self._fields(request, method.arguments))
        fields = self._answer(f"{method.rpc_name}Response", method.result)
        if fields is None:
            return None
        self._add(f"{method.rpc_name}Response", [], fields)
        return f"{method.rpc_name}Response"

    def _answer(self, key: str, result: Shape) -> list[ProtoField] | None:
        """Fields of an answer: those of a struct itself, else `value`; None when keys are free."""
        options = _options(result)
        if not options:
            return []
        if all(isinstance(option, Ref) for option in options):
            members = [self._types[option.name] for option in options if isinstance(option, Ref)]
            return self._merged(members)
        if any(isinstance(o, Ref | Table) or o == Scalar("any") for o in options):
            return None
        return self._fields(key, (FieldDescription("value", result),))

    def _struct(self, described: TypeDescription) -> list[ProtoField]:
        fields = self._fields(described.name, described.fields)
        return [*_tag([described]), *fields]

    def _merged(self, members: list[TypeDescription]) -> list[ProtoField] | None:
        """The fields of all members in one message, their JSON being flat; None if they differ."""
        shapes: dict[str, Shape] = {}
        fields: dict[str, ProtoField] = {}
        for member in members:
            for field in member.fields:
                if shapes.setdefault(field.name, field.shape) != field.shape:
                    return None
                if field.name not in fields:
                    fields[field.name] = self._field(member.name, field)
        return [*_tag(members), *fields.values()]

    def _fields(self, owner: str, fields: tuple[FieldDescription, ...]) -> list[ProtoField]:
        return [self._field(owner, field) for field in fields]

    def _field(self, owner: str, field: FieldDescription) -> ProtoField:
        options = _options(field.shape)
        union = f"{pascal(owner)}{pascal(field.name)}Union"
        match options:
            case (Many(item=item),):
                label, (kind, local, note) = "repeated", self._single(item, union)
            case (Table(value=value),):
                label, (kind, local, note) = "map", self._single(value, union)
            case ():
                label, (kind, local, note) = "optional", (VALUE, False, "")
            case _:
                whole = options[0] if len(options) == 1 else AnyOf(options)
                label, (kind, local, note) = "optional", self._single(whole, union)
        notes = [*field_lines(field), *([note] if note else []), *_null_note(field, label)]
        return ProtoField(field.name, label, kind, local, tuple(notes))

    def _single(self, shape: Shape, union: str) -> tuple[str, bool, str]:
        """Type, whether it is local, and a note, for one value that cannot be left out."""
        match shape:
            case Scalar(name="integer"):
                kind = _integer(shape)
                return kind, False, _INT64_NOTE if kind == "int64" else ""
            case Scalar():
                return _SCALARS.get(shape.name, "string"), False, ""
            case Choice():
                return _choice(shape), False, f"One of {json.dumps(list(shape.values))[1:-1]}."
            case Many() | Row():
                return LIST, False, "A list within a list, or of fixed length: free in protobuf."
            case Table():
                return STRUCT, False, "A map within a list or map: free in protobuf."
            case Ref():
                return self._keys[shape.name], True, ""
            case AnyOf():
                return self._union(shape, union)

    def _union(self, shape: AnyOf, key: str) -> tuple[str, bool, str]:
        members = [self._types[option.name] for option in shape.options if isinstance(option, Ref)]
        if len(members) != len(shape.options):
            return VALUE, False, "One of several kinds, or null: free in protobuf."
        if _disagree(members):
            return STRUCT, False, f"One of {_names(members)}, which disagree about a field's type."
        if key not in self._messages:
            # The name is held before the fields are made, as a union may contain itself.
            notes = (f"One of {_names(members)}, told apart by the first field.",)
            self._messages[key] = ProtoMessage(key, notes, ())
            fields = tuple(self._merged(members) or ())
            self._messages[key] = ProtoMessage(key, notes, fields)
        return key, True, ""


def _options(shape: Shape) -> tuple[Shape, ...]:
    """What the value can be, null aside."""
    options = shape.options if isinstance(shape, AnyOf) else (shape,)
    return tuple(option for option in options if option != _NULL)


def _tag(members: list[TypeDescription]) -> list[ProtoField]:
    if not members[0].tag_field:
        return []
    values = ", ".join(json.dumps(member.tag) for member in members)
    kind = "string" if isinstance(members[0].tag, str) else "int32"
    note = f"Always {values}." if len(members) == 1 else f"One of {values}."
    return [ProtoField(members[0].tag_field, "optional", kind, local=False, notes=(note,))]


def _disagree(members: list[TypeDescription]) -> bool:
    shapes: dict[str, Shape] = {}
    fields = [field for member in members for field in member.fields]
    return any(shapes.setdefault(field.name, field.shape) != field.shape for field in fields)


def _names(members: list[TypeDescription]) -> str:
    return ", ".join(member.name for member in members)


def _integer(scalar: Scalar) -> str:
    least = scalar.minimum if scalar.minimum is not None else scalar.exclusive_minimum
    most = scalar.maximum if scalar.maximum is not None else scalar.exclusive_maximum
    if least is None or most is None or least < _INT32[0] or most > _INT32[1]:
        return "int64"
    return "int32"


def _choice(choice: Choice) -> str:
    if all(isinstance(value, str) for value in choice.values):
        return "string"
    numbers = [value for value in choice.values if isinstance(value, int)]
    if len(numbers) < len(choice.values):
        return VALUE
    return "int32" if _INT32[0] <= min(numbers) and max(numbers) <= _INT32[1] else "int64"


def _null_note(field: FieldDescription, label: str) -> list[str]:
    if len(_options(field.shape)) == len(
        field.shape.options if isinstance(field.shape, AnyOf) else "1"
    ):
        return []
    if label != "optional":
        return ["Null and empty are written alike."]
    return ["Null is written by leaving it unset."]
