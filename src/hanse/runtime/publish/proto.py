"""A contract as proto3 text for Connect clients in other languages."""

from __future__ import annotations

import json
from collections.abc import Iterable

from hanse.runtime.contract.description import ContractDescription, MethodDescription
from hanse.runtime.publish.naming import identifier
from hanse.runtime.publish.proto_lock import REMEDY, LockError, MessageLock, ProtoLock, locked
from hanse.runtime.publish.proto_messages import (
    LIST,
    STRUCT,
    TIMESTAMP,
    VALUE,
    ProtoContract,
    ProtoField,
    ProtoMessage,
    proto_contract,
)
from hanse.runtime.publish.wording import doc_lines

_STRUCTS = (STRUCT, VALUE, LIST)


def proto(contract: ContractDescription, lock: ProtoLock) -> str:
    """The text of one `.proto` file.

    Raises:
        LockError: The lock has no number for a field or no name for a message.
    """
    whole = proto_contract(contract)
    file = _File(contract, lock)
    blocks = [file.service(whole), *(file.message(message) for message in whole.messages)]
    body = "\n\n".join("\n".join(block) for block in blocks)
    imports = [f'import "google/protobuf/{name}.proto";' for name in _imports(body)]
    return "\n".join(
        [
            "// Written by `hanse contracts proto`; the numbers come from proto.lock.json.",
            'syntax = "proto3";',
            "",
            f"package {contract.package};",
            "",
            *([*imports, ""] if imports else []),
            body,
            "",
        ]
    )


def _imports(body: str) -> list[str]:
    needs = {
        "struct": any(name in body for name in _STRUCTS),
        "timestamp": TIMESTAMP in body,
    }
    return [name for name, needed in needs.items() if needed]


class _File:
    def __init__(self, contract: ContractDescription, lock: ProtoLock) -> None:
        self._contract = contract
        self._lock = lock

    def _locked(self, key: str) -> MessageLock:
        return locked(self._lock, self._contract.full_name, key)

    def service(self, whole: ProtoContract) -> list[str]:
        lines = [*_comment(doc_lines(self._contract.doc)), f"service {self._contract.name} {{"]
        for position, method in enumerate(self._contract.methods):
            answer = whole.answers[method.name]
            lines += [*([""] if position else []), *self._rpc(method, answer)]
        return [*lines, "}"]

    def _rpc(self, method: MethodDescription, answer: str | None) -> list[str]:
        request = self._locked(f"{method.rpc_name}Request").name
        response = self._locked(answer).name if answer else STRUCT
        if method.streams:
            response = f"stream {response}"
        head = f"  rpc {method.rpc_name}({request}) returns ({response})"
        level = f"    option idempotency_level = {_level(method)};"
        body = [f"{head} {{", level, "  }"] if method.idempotent else [f"{head};"]
        return [*_comment(self._rpc_notes(method), "  "), *body]

    def _rpc_notes(self, method: MethodDescription) -> list[str]:
        notes = doc_lines(method.doc)
        route = f"{method.verb} {method.path}" if method.verb else "none, internal"
        notes += [f"Route: {route}. Permission: {method.permission}."]
        if method.errors:
            notes.append(f"Errors: {', '.join(method.errors)}.")
        if method.streams:
            notes.append("The route answers with server-sent events, one item an event.")
        return notes

    def message(self, message: ProtoMessage) -> list[str]:
        lock = self._locked(message.key)
        lines = [*_comment(message.notes), f"message {lock.name} {{"]
        if lock.reserved_numbers:
            lines.append(f"  reserved {', '.join(map(str, lock.reserved_numbers))};")
        names = _field_names(message.fields)
        if gone := {identifier(name) for name in lock.reserved_names} - set(names.values()):
            lines.append(f"  reserved {', '.join(json.dumps(name) for name in sorted(gone))};")
        for field in message.fields:
            lines += self._field(message, field, names[field.name])
        return [*lines, "}"]

    def _field(self, message: ProtoMessage, field: ProtoField, name: str) -> list[str]:
        lock = self._locked(message.key)
        if field.name not in lock.fields:
            raise LockError(
                f"proto.lock.json has no number for field {field.name!r} of {message.key}, "
                f"{self._contract.full_name}. {REMEDY}"
            )
        kind = self._locked(field.type).name if field.local else field.type
        typed = f"map<string, {kind}>" if field.label == "map" else f"{field.label} {kind}"
        options = f"[json_name = {json.dumps(field.name, ensure_ascii=False)}]"
        return [
            *_comment(field.notes, "  "),
            f"  {typed} {name} = {lock.fields[field.name]} {options};",
        ]


def _level(method: MethodDescription) -> str:
    """What protobuf calls it; clients of Connect may use GET for what has no side effects."""
    return "NO_SIDE_EFFECTS" if method.verb == "GET" else "IDEMPOTENT"


def _field_names(fields: Iterable[ProtoField]) -> dict[str, str]:
    """A protobuf identifier for each wire name; nearly always the wire name itself."""
    names: dict[str, str] = {}
    for field in fields:
        name = (
            field.name
            if field.name.isidentifier() and field.name.isascii()
            else identifier(field.name)
        )
        while name in names.values():
            name += "_"
        names[field.name] = name
    return names


def _comment(lines: Iterable[str], indent: str = "") -> list[str]:
    return [f"{indent}// {line}".rstrip() for line in lines]
