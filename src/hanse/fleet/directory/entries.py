"""What lies in the directory of regions: who serves what, who lives, and what is desired."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

REGION = "region"
DESIRED = "desired"
HEAD = "head"

LEASE = "lease"
APPLIED = "applied"
GROUP = "group"


class HostEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One host, as its region tells others of it.

    Attributes:
        name: Its own, with that of its region before: `r1.shop-1`.
        address: Where it is called from other regions: `https://127.0.0.1:20123`.
        leaving: It ends as soon as no region names it any more.
        silent: It does not answer just now.
        part: What it is to a deployment; only those that are nothing to one are called by others.
    """

    name: str
    address: str
    leaving: bool = False
    silent: bool = False
    part: str = ""


class GroupEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One placement group of a region: a key of its own, so that a change of it touches no other.

    Attributes:
        contracts: Full names of what each of its hosts serves.
        hosts: Who there is.
        release: What runs there, as its region calls it.
    """

    contracts: tuple[str, ...]
    hosts: tuple[HostEntry, ...]
    release: str = ""


class Lease(msgspec.Struct, frozen=True, omit_defaults=True):
    """That a region lives, renewed again and again.

    Attributes:
        life: Of the process that renews it: after another start it is another one.
        turn: Counts up each time.
        drained: Nobody should send calls there who has another region for them.
    """

    life: str
    turn: int
    drained: bool = False


class Applied(msgspec.Struct, frozen=True):
    """How far a region's hosts and gateway have followed the directory.

    Attributes:
        revision: The last that they know.
    """

    revision: int


class Desired(msgspec.Struct, frozen=True):
    """What the head wants, under a name.

    Attributes:
        value: As it was written.
        revision: Of this key, by which it is exchanged.
    """

    value: bytes
    revision: int


class Entry(NamedTuple):
    """One message of the bucket.

    Attributes:
        sequence: Its place, which is the directory's revision there.
        key: Like `region.r1.group.shop`.
        data: Empty where the key was deleted.
    """

    sequence: int
    key: str
    data: bytes


def lease_key(who: str) -> str:
    """Where a region renews its lease, or the head."""
    return f"{HEAD}.{LEASE}" if who == HEAD else f"{REGION}.{who}.{LEASE}"


def applied_key(region: str) -> str:
    return f"{REGION}.{region}.{APPLIED}"


def group_key(region: str, group: str) -> str:
    return f"{REGION}.{region}.{GROUP}.{group}"


def desired_key(name: str) -> str:
    return f"{DESIRED}.{name}"
