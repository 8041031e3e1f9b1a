"""Which regions a fleet has, which are down, and what is changed now: kept for the next head."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.control.hosts.wanted import Wanted
from hanse.fleet.control.region.api import RegionWish
from hanse.fleet.state import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from hanse.fleet.state import StateFolder


class Change(msgspec.Struct, frozen=True):
    """What is brought about in all regions.

    Attributes:
        wanted: What should run.
        before: What should run until then, and again if that does not.
    """

    wanted: tuple[Wanted, ...]
    before: tuple[Wanted, ...]

    @property
    def gone(self) -> list[str]:
        """Names of groups that there are no more then."""
        names = {one.group.name for one in self.wanted}
        return [one.group.name for one in self.before if one.group.name not in names]

    def turned(self) -> Change:
        """Back to what was before."""
        return Change(self.before, self.wanted)


class RegionBook(msgspec.Struct, frozen=True):
    """What is written down.

    Attributes:
        names: All of them, in order: the brokers of the first ones keep what all share.
        down: Those that somebody stopped or killed; nobody starts them but who says so.
        change: What all regions are brought to now; None while nothing is changed.
        wish: How their gateways should be; None before anybody wished.
    """

    names: tuple[str, ...] = ()
    down: frozenset[str] = frozenset()
    change: Change | None = None
    wish: RegionWish | None = None


def read_book(state: StateFolder) -> RegionBook:
    """What the file says; no regions, if there is none or it cannot be understood."""
    try:
        return msgspec.json.decode(_file(state).read_bytes(), type=RegionBook)
    except (FileNotFoundError, msgspec.MsgspecError):
        return RegionBook()


def keep_book(book: RegionBook, state: StateFolder) -> None:
    """Writes it down.

    Raises:
        StateError: It cannot be written.
    """
    write_whole(_file(state), msgspec.json.encode(book))


def _file(state: StateFolder) -> Path:
    return state.root / "regions.json"
