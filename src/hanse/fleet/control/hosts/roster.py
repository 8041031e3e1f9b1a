"""The list of hosts on disk, by which a new control process knows those that run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.control.hosts.member import MemberRecord
from hanse.fleet.state import write_whole

if TYPE_CHECKING:
    from pathlib import Path


class Roster(msgspec.Struct, frozen=True):
    """What the file holds.

    Attributes:
        members: All hosts, coming and leaving ones too.
        settled: Whether no change was being made when it was written.
        drained: Whether other regions took all requests.
    """

    members: tuple[MemberRecord, ...] = ()
    settled: bool = True
    drained: bool = False


def read_roster(path: Path) -> Roster:
    """What a file holds; nobody, if there is none or it cannot be understood."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Roster)
    except (FileNotFoundError, msgspec.MsgspecError):
        return Roster()


def write_roster(path: Path, roster: Roster) -> None:
    """Writes down who there is.

    Raises:
        StateError: It cannot be written.
    """
    write_whole(path, msgspec.json.encode(roster))
