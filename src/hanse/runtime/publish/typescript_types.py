"""Shapes as TypeScript types, and the structs of a contract as interfaces."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

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
from hanse.runtime.publish.outside import parts
from hanse.runtime.publish.wording import doc_lines, field_lines

_SCALARS = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "bytes": "Base64",
    "datetime": "DateTime",
    "date": "DateOnly",
    "time": "TimeOfDay",
    "duration": "Duration",
    "uuid": "Uuid",
    "decimal": "Decimal",
    "any": "unknown",
    "null": "null",
}


class TypeWriter:
    """Writes the types of one contract.

    Args:
        contract: Whose types the shapes refer to.
        names: Published name of each struct and enum.
    """

    def __init__(self, contract: ContractDescription, names: Mapping[str, str]) -> None:
        self._contract = contract
        self._names = names

    def declarations(self) -> list[str]:
        """The enums and structs of the contract, each exported."""
        enums = [
            f"export type {self._names[choice_key(choice)]} = {_literals(choice)};"
            for choice in choices(self._contract)
        ]
        return [*enums, *(self._interface(described) for described in self._contract.types)]

    def type(self, shape: Shape) -> str:
        """The type of a value of this shape."""
        match shape:
            case Scalar():
                return _SCALARS[shape.name]
            case Choice():
                return self._names[choice_key(shape)] if shape.name else _literals(shape)
            case Many():
                return f"readonly {_member(self.type(shape.item))}[]"
            case Row():
                return f"readonly [{', '.join(self.type(item) for item in shape.items)}]"
            case Table():
                return f"{{ readonly [key: string]: {self.type(shape.value)} }}"
            case Ref():
                return self._names[shape.name]
            case AnyOf():
                options = dict.fromkeys(self.type(option) for option in shape.options)
                return " | ".join(options)

    def _interface(self, described: TypeDescription) -> str:
        tag = ""
        if described.tag_field:
            tag = f"\n  readonly {key(described.tag_field)}: {json.dumps(described.tag)};"
        block = fields_block(described.fields, self)
        lines = comment(described.doc.splitlines())
        name = self._names[described.name]
        return "\n".join([*lines, f"export interface {name} {{{tag}{block[1:]}"])


def choices(contract: ContractDescription) -> list[Choice]:
    """The named enums of a contract, each once."""
    shapes = [
        *(field.shape for described in contract.types for field in described.fields),
        *(field.shape for error in contract.errors for field in error.fields),
        *(field.shape for method in contract.methods for field in method.arguments),
        *(method.result for method in contract.methods),
    ]
    found = (part for shape in shapes for part in parts(shape))
    return list(dict.fromkeys(part for part in found if isinstance(part, Choice) and part.name))


def choice_key(choice: Choice) -> str:
    """What an enum's name is asked for by: a contract may have two of one name."""
    return json.dumps([choice.name, *choice.values])


def fields_block(
    fields: Iterable[FieldDescription], writer: TypeWriter, *, indent: str = "", file: str = ""
) -> str:
    """The fields between braces, one a line.

    Args:
        fields: What is between the braces.
        writer: Writes the types.
        indent: Of the line the block ends on.
        file: The field that is a file's content.
    """
    lines = ["{"]
    for field in fields:
        lines += comment(field_lines(field), f"{indent}  ")
        kind = "globalThis.Blob" if field.name == file else writer.type(field.shape)
        member = (
            f"{key(field.name)}: {kind}"
            if field.required
            else f"{key(field.name)}?: {kind} | undefined"
        )
        lines.append(f"{indent}  readonly {member};")
    return "\n".join([*lines, f"{indent}}}"])


def key(name: str) -> str:
    """A property's name, quoted where it is no identifier."""
    return name if re.fullmatch(r"[A-Za-z_$][\w$]*", name, re.ASCII) else string(name)


def string(text: str) -> str:
    """A string literal; JSON's is one, as ASCII."""
    return json.dumps(text)


def comment(lines: Iterable[str], indent: str = "") -> list[str]:
    """A JSDoc comment of the lines; nothing in them can end it."""
    text = [line.replace("*/", "*\\/") for line in doc_lines("\n".join(lines))]
    if not text:
        return []
    if len(text) == 1:
        return [f"{indent}/** {text[0]} */"]
    return [f"{indent}/**", *(f"{indent} * {line}".rstrip() for line in text), f"{indent} */"]


def _literals(choice: Choice) -> str:
    return " | ".join(json.dumps(value) for value in choice.values)


def _member(kind: str) -> str:
    """The type, in parentheses where it would bind wrongly before `[]`."""
    return f"({kind})" if " | " in kind or kind.startswith("readonly ") else kind
