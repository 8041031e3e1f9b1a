"""Finds the service that blocks its neighbours, from what its host's stall watch wrote down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.control.choices import Moved
from hanse.runtime.stall.stall_report import read_stalls

if TYPE_CHECKING:
    from hanse.fleet.control.hosts.member import Member

TOO_LONG_SECONDS = 2.0
"""Blocking the loop at once for this long is no slip: whoever does it lives alone from then on."""


def to_be_moved(member: Member) -> Moved | None:
    """The unit that has to leave a host, if one does and others live there."""
    if not member.serving or len(member.group.units) < 2:
        return None
    try:
        longest = read_stalls(member.stall).longest
    except (OSError, msgspec.MsgspecError):
        return None
    for unit in member.group.units:
        for contract in unit.contracts:
            if longest.get(contract, 0.0) >= TOO_LONG_SECONDS:
                return Moved(unit.name, contract, longest[contract])
    return None
