"""In which order groups that are deployed as one take over: whoever is called before who calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hanse.fleet.control.staging.api import GroupChange


def waves(changes: Sequence[GroupChange]) -> list[list[GroupChange]]:
    """Groups that take over together, one wave after the other; back it goes the other way round.

    Groups that call each other, over whomever of these, are in one wave.
    """
    reached = _reached(changes)
    left = list(changes)
    found: list[list[GroupChange]] = []
    while left:
        names = {one.group.name for one in left}
        wave = [one for one in left if _is_next(one.group.name, reached, names)]
        found.append(wave)
        left = [one for one in left if one not in wave]
    return found


def _is_next(name: str, reached: dict[str, set[str]], left: set[str]) -> bool:
    """Whether whoever it calls has taken over, or calls it in turn."""
    return all(name in reached[other] for other in reached[name] & left - {name})


def _reached(changes: Sequence[GroupChange]) -> dict[str, set[str]]:
    """Groups that a group calls, or that those call, by its name."""
    serving = {name: one.group.name for one in changes for name in one.group.contracts}
    calls = {
        one.group.name: {serving[name] for name in one.calls if name in serving} for one in changes
    }
    for through, further in calls.items():  # Warshall
        for whom in calls.values():
            if through in whom:
                whom.update(further)
    return calls
