"""Names for what several contracts publish together, each a short one if it can be."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

import msgspec

from hanse.runtime.contract.description import (
    ContractDescription,
    ErrorDescription,
    TypeDescription,
)
from hanse.runtime.publish.outside import mentioned

TypeKey = tuple[str, str]
"""Owner of an entry and its key."""


class Entry(NamedTuple):
    """One thing that wants a name; two contracts share it when definition and mentions agree.

    Attributes:
        owner: Whose it is: the full name of a contract, and for a contract its package.
        key: What it is asked for by; unique within the contract.
        wish: The name it should have.
        definition: What it is, in bytes that are equal for equal things.
        mentions: Wishes of the structs it refers to.
    """

    owner: str
    key: str
    wish: str
    definition: bytes
    mentions: frozenset[str] = frozenset()


def type_entries(contract: ContractDescription) -> list[Entry]:
    """An entry for each struct of the contract, by its name."""
    return [
        Entry(contract.full_name, each.name, each.name, msgspec.json.encode(each), _mentions(each))
        for each in contract.types
    ]


def error_entries(contract: ContractDescription, ending: str) -> list[Entry]:
    """An entry for each declared error: `cart_full` wants to be `CartFull` and the ending."""
    owner = contract.full_name
    return [
        Entry(
            owner,
            error_key(each),
            pascal(each.code) + ending,
            msgspec.json.encode(each),
            _mentions(each),
        )
        for each in contract.errors
    ]


def error_key(error: ErrorDescription) -> str:
    """What an error's name is asked for by; no struct can have it."""
    return f"error {error.code}"


def _mentions(thing: TypeDescription | ErrorDescription) -> frozenset[str]:
    return frozenset(mentioned(field.shape for field in thing.fields))


def distinct(entries: Iterable[Entry], *, taken: Collection[str] = ()) -> dict[TypeKey, str]:
    """A published name for each entry: an identifier, unique unless the definitions are equal.

    Where contracts mean different things by one name, each bears its contract's name in front, so
    that neither depends on which contract came first.
    """
    entries = list(entries)
    torn = _torn(entries)
    used: dict[str, tuple[str, str, bytes]] = dict.fromkeys(taken, ("", "", b""))
    names: dict[TypeKey, str] = {}
    for each in entries:
        owner = each.owner if each.wish in torn else ""
        meaning = (owner, each.wish, each.definition)
        name = identifier(pascal(owner) + each.wish if owner else each.wish)
        while used.setdefault(name, meaning) != meaning:
            name += "_"
        names[each.owner, each.key] = name
    return names


def _torn(entries: list[Entry]) -> set[str]:
    """Names that stand for different things, themselves or through what they mention."""
    meanings: dict[str, set[bytes]] = {}
    for each in entries:
        meanings.setdefault(each.wish, set()).add(each.definition)
    torn = {name for name, definitions in meanings.items() if len(definitions) > 1}
    while more := {e.wish for e in entries if e.mentions & torn} - torn:
        torn |= more
    return torn


def service_names(
    contracts: Iterable[ContractDescription], *, taken: Collection[str] = ()
) -> dict[str, str]:
    """Full name of each contract to the shortest name that is unique among them."""
    entries = [Entry(c.package, c.full_name, c.name, c.full_name.encode()) for c in contracts]
    return {full_name: name for (_, full_name), name in distinct(entries, taken=taken).items()}


def contract_names(names: Mapping[TypeKey, str], owner: str) -> dict[str, str]:
    """The published names of one contract, by key."""
    return {key: published for (of, key), published in names.items() if of == owner}


def identifier(text: str) -> str:
    """The text with everything that is no ASCII letter or digit turned into single underscores."""
    clean = re.sub(r"[^0-9A-Za-z]+", "_", text).strip("_") or "Unnamed"
    return f"_{clean}" if clean[0].isdigit() else clean


def pascal(text: str) -> str:
    """`cart_full` as `CartFull`."""
    return "".join(word[:1].upper() + word[1:] for word in identifier(text).split("_"))


def camel(text: str) -> str:
    """`merge_contacts` as `mergeContacts`."""
    name = pascal(text)
    return name[:1].lower() + name[1:]
