"""What a follower knows of the directory: entries in, answers out, without clock or I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from hanse.fleet.directory.entries import (
    APPLIED,
    DESIRED,
    GROUP,
    HEAD,
    LEASE,
    REGION,
    Applied,
    Desired,
    Entry,
    GroupEntry,
    Lease,
)
from hanse.fleet.directory.others import RegionSeen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hanse.fleet.directory.entries import HostEntry

T = TypeVar("T")

LIFE_SECONDS = 5.0
"""A lease counts for others for so long after they saw it change."""

OWN_SECONDS = 4.0
"""And for whoever holds it from when it was sent: less, so that clocks may differ by a fifth."""

_SENT_KEPT = 16


class _Seen:
    """What is known of one region."""

    def __init__(self) -> None:
        self.groups: dict[str, GroupEntry] = {}
        self.lease: Lease | None = None
        self.heard = 0.0
        self.ended = True
        self.applied = 0

    @property
    def live(self) -> bool:
        return self.lease is not None and not self.ended

    @property
    def drained(self) -> bool:
        return self.lease is not None and self.lease.drained


class Book:
    """Keeps what was heard, in the order of the directory; times are of one clock of its own.

    Nobody's lease ends while nothing comes: it has ended when a lease of one's own, sent so much
    later, came back, for then all that the other may have written before it would have come, too.

    Args:
        me: The region that follows, or `head`.
        life: Of this process, see `Lease`.

    Attributes:
        entries: The last of each key.
        desired: What the head wants, by name.
        sequence: Of the last entry that came.
        revision: Of the last entry that says who is called: of another region's group, or draining.
        number: Counts up whenever others are called otherwise than before, or are known anew.
        known: The revision that hosts and gateway of one's own know.
    """

    def __init__(self, me: str, life: str) -> None:
        self._me = me
        self._life = life
        self._regions: dict[str, _Seen] = {}
        self._sent: dict[int, float] = {}
        self._until: float | None = None
        self._join_at: int | None = None
        self.entries: dict[str, Entry] = {}
        self.desired: dict[str, Desired] = {}
        self.sequence = 0
        self.revision = 0
        self.number = 0
        self.known = 0

    def sent(self, turn: int, now: float) -> None:
        """A lease of one's own is on its way."""
        self._sent[turn] = now
        for old in list(self._sent)[:-_SENT_KEPT]:
            del self._sent[old]

    def hear(self, entry: Entry, now: float) -> None:
        """Takes the next entry; one that came before is passed by."""
        if entry.sequence <= self.sequence:
            return
        self.sequence = entry.sequence
        self.entries[entry.key] = entry
        match entry.key.split(".", 3):
            case [name, who, what, *rest] if name == REGION:
                self._hear_region(who, what, ".".join(rest), entry, now)
            case [name, what] if (name, what) == (HEAD, LEASE):
                self._hear_lease(HEAD, entry, now)
            case [name, *rest] if name == DESIRED:
                self._hear_desired(".".join(rest), entry)
            case _:
                pass  # of a later release

    def applied_here(self, revision: int) -> None:
        """Hosts and gateway of one's own know this revision."""
        self.known = max(self.known, revision)
        if self._join_at is not None and self.known >= self._join_at:
            self._join_at = None

    def begin_anew(self) -> None:
        """The directory was made again: what was known stays until it is told otherwise."""
        self.sequence = self.revision = self.known = 0
        self._until = self._join_at = None
        self.desired = {name: Desired(one.value, 0) for name, one in self.desired.items()}
        for seen in self._regions.values():
            seen.applied = 0

    def reached(self, now: float) -> bool:
        """Whether the directory takes what one writes, and tells it, as far as is known."""
        return self._until is not None and now < self._until

    def is_live(self, now: float) -> bool:
        """Whether others wait for this region, and so name no host to it that has ended."""
        return self.reached(now) and self._join_at is None

    def late(self, revision: int) -> tuple[str, ...]:
        """Who may still call what was called before a revision: nobody, where it is empty."""
        return tuple(
            name
            for name, seen in sorted(self._regions.items())
            if name not in {self._me, HEAD} and seen.live and seen.applied < revision
        )

    def regions(self) -> tuple[RegionSeen, ...]:
        """All there are, by name."""
        return tuple(
            RegionSeen(name, seen.live, seen.drained, seen.applied, dict(seen.groups))
            for name, seen in sorted(self._regions.items())
            if name != HEAD
        )

    def group(self, name: str) -> tuple[GroupEntry | None, int]:
        """What this region says of one of its groups, and since which revision."""
        entry = self.entries.get(f"{REGION}.{self._me}.{GROUP}.{name}")
        seen = self._regions.get(self._me)
        return (seen.groups.get(name) if seen else None), entry.sequence if entry else 0

    def applied_of(self, region: str) -> int:
        """The revision that a region says it knows."""
        return self._regions[region].applied if region in self._regions else 0

    def elsewhere(self) -> dict[str, tuple[str, ...]]:
        """Where other regions serve each contract.

        Where none does that lives and is not drained, those that are drained, then those whose
        lease is over: they may be cut off from the directory alone.
        """
        ranked: dict[str, dict[tuple[bool, bool, bool], list[str]]] = {}
        for contract, rank, host in self._named():
            ranked.setdefault(contract, {}).setdefault(rank, []).append(host.address)
        return {name: tuple(found[min(found)]) for name, found in ranked.items()}

    def _named(self) -> Iterator[tuple[str, tuple[bool, bool, bool], HostEntry]]:
        for name, seen in sorted(self._regions.items()):
            if name == self._me:
                continue
            for group in seen.groups.values():
                for host in _called(group.hosts):
                    rank = (not seen.live, host.silent, seen.drained)
                    for contract in group.contracts:
                        yield contract, rank, host

    def _hear_region(self, who: str, what: str, rest: str, entry: Entry, now: float) -> None:
        seen = self._regions.setdefault(who, _Seen())
        if what == LEASE:
            self._hear_lease(who, entry, now)
        elif what == APPLIED:
            said = _read(entry.data, Applied)
            seen.applied = said.revision if said else 0
        elif what == GROUP:
            group = _read(entry.data, GroupEntry)
            if group is not None:
                seen.groups[rest] = group
            else:
                seen.groups.pop(rest, None)
            self._shift(who, entry)

    def _hear_lease(self, who: str, entry: Entry, now: float) -> None:
        seen = self._regions.setdefault(who, _Seen())
        before = (seen.live, seen.drained)
        was_drained = seen.drained
        seen.lease = _read(entry.data, Lease)
        seen.heard, seen.ended = now, False
        if seen.drained != was_drained:
            self._shift(who, entry)
        elif (seen.live, seen.drained) != before:
            self.number += 1
        if who == self._me and seen.lease is not None and seen.lease.life == self._life:
            self._come_back(self._sent.pop(seen.lease.turn, None), now)

    def _come_back(self, sent: float | None, now: float) -> None:
        """A lease of one's own is in the directory, and all that was written before has come."""
        if sent is None:
            return
        if self._until is None or now >= self._until:
            self._join_at = self.revision if self.known < self.revision else None
            self.number += 1
        self._until = max(self._until or 0.0, sent + OWN_SECONDS)
        for name, seen in self._regions.items():
            if name != self._me and seen.live and sent >= seen.heard + LIFE_SECONDS:
                seen.ended = True
                self.number += 1

    def wrote(self, name: str, desired: Desired) -> None:
        """The head has written that itself: it is known before it comes back."""
        found = self.desired.get(name)
        if found is None or found.revision < desired.revision:
            self.desired[name] = desired

    def _hear_desired(self, name: str, entry: Entry) -> None:
        if entry.data:
            self.wrote(name, Desired(entry.data, entry.sequence))
        else:
            self.desired.pop(name, None)

    def _shift(self, who: str, entry: Entry) -> None:
        if who != self._me:
            self.revision = entry.sequence
            self.number += 1


def _called(hosts: Iterable[HostEntry]) -> Iterator[HostEntry]:
    """Those that others may call."""
    return (one for one in hosts if not one.leaving and not one.part)


def _read(data: bytes, kind: type[T]) -> T | None:
    """What it says; None where it was deleted, or a later release says it otherwise."""
    try:
        return msgspec.json.decode(data, type=kind) if data else None
    except msgspec.MsgspecError:
        return None
