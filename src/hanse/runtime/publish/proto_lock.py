"""The committed names and numbers of protobuf messages and fields, none ever given twice."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from hanse.runtime.contract.description import ContractDescription
from hanse.runtime.publish.proto_messages import ProtoMessage, proto_contract

REMEDY = "Run `hanse contracts lock` and commit proto.lock.json."
_RESERVED_BY_PROTOBUF = range(19_000, 20_000)


class LockError(ValueError):
    """The lock is damaged or older than the contract; the message names place and remedy."""


class MessageLock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is fixed about one message.

    Attributes:
        name: Its name in the package; differs from its key where another contract has that name.
        fields: Number of each field by its name on the wire.
        reserved_numbers: Numbers of removed fields, never given again.
        reserved_names: Names of removed fields, until one comes back (with a new number).
    """

    name: str
    fields: dict[str, int] = {}
    reserved_numbers: tuple[int, ...] = ()
    reserved_names: tuple[str, ...] = ()


class ProtoLock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`proto.lock.json`: full name of a contract, key of a message, what is fixed about it."""

    contracts: dict[str, dict[str, MessageLock]] = {}


def read_lock(text: str | bytes) -> ProtoLock:
    """The lock from the text of its file.

    Raises:
        LockError: No such JSON, or a number given twice, as two merged branches can do.
    """
    try:
        lock = msgspec.json.decode(text, type=ProtoLock)
    except msgspec.MsgspecError as error:
        raise LockError(f"proto.lock.json cannot be read: {error}. Restore it from git.") from None
    for contract, messages in lock.contracts.items():
        for key, message in messages.items():
            numbers = [*message.fields.values(), *message.reserved_numbers]
            if len(set(numbers)) < len(numbers):
                raise LockError(
                    f"proto.lock.json gives one number twice in {contract}, message {key}; "
                    f"take the entry of the branch that was released, then: {REMEDY}"
                )
    return lock


def write_lock(lock: ProtoLock) -> str:
    """The text of the lock's file: sorted, one fact a line, so that it merges well."""
    ordered = {
        contract: {key: messages[key] for key in sorted(messages)}
        for contract, messages in sorted(lock.contracts.items())
    }
    text = msgspec.json.encode(ProtoLock(ordered))
    return msgspec.json.format(text, indent=2).decode() + "\n"


def update_lock(lock: ProtoLock, contracts: Iterable[ContractDescription]) -> ProtoLock:
    """The lock with everything the contracts have now; what is gone is reserved, not dropped.

    The same lock and contracts give the same answer, whatever the order of the contracts.
    """
    contracts = sorted(contracts, key=lambda contract: contract.full_name)
    entries = {name: dict(messages) for name, messages in lock.contracts.items()}
    for contract in contracts:
        own = entries.setdefault(contract.full_name, {})
        services = {other.name for other in contracts if other.package == contract.package}
        for message in proto_contract(contract).messages:
            found = own.get(message.key)
            if found is None:
                taken = services | _names_in(entries, contract.package)
                found = MessageLock(_free_name(contract.name, message.key, taken))
            own[message.key] = _update(found, message)
    return ProtoLock(entries)


def locked(lock: ProtoLock, contract: str, key: str) -> MessageLock:
    """What the lock says about a message.

    Raises:
        LockError: Nothing.
    """
    try:
        return lock.contracts[contract][key]
    except KeyError:
        raise LockError(f"proto.lock.json lacks message {key} of {contract}. {REMEDY}") from None


def _update(found: MessageLock, message: ProtoMessage) -> MessageLock:
    names = [field.name for field in message.fields]
    gone = [name for name in found.fields if name not in names]
    fields = {name: number for name, number in found.fields.items() if name in names}
    reserved = sorted({*found.reserved_numbers, *(found.fields[name] for name in gone)})
    number = max([*fields.values(), *reserved], default=0)
    for name in names:
        if name not in fields:
            number += 1
            if number in _RESERVED_BY_PROTOBUF:
                number = _RESERVED_BY_PROTOBUF.stop
            fields[name] = number
    reserved_names = sorted({*found.reserved_names, *gone} - set(names))
    return MessageLock(found.name, fields, tuple(reserved), tuple(reserved_names))


def _names_in(entries: dict[str, dict[str, MessageLock]], package: str) -> set[str]:
    contracts = [name for name in entries if name.rpartition(".")[0] == package]
    return {message.name for name in contracts for message in entries[name].values()}


def _free_name(contract: str, key: str, taken: set[str]) -> str:
    if key not in taken:
        return key
    name = f"{contract}{key}"
    while name in taken:
        name += "_"
    return name
