"""Decides by times and positions alone: when a base is due, what may go, what a moment needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hanse.fleet.backup.stream.segment import Segment, number_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

    from hanse.fleet.backup.records import Base, Life
    from hanse.fleet.backup.stream.segment import Branch


class Way(NamedTuple):
    """How to come to a moment.

    Attributes:
        base: From where.
        timeline: Which life of the database the moment is in.
        branches: The way from the first life to that one.
    """

    base: Base
    timeline: int
    branches: Sequence[Branch]


def is_due(bases: Iterable[Base], timeline: int, every: timedelta, now: datetime) -> bool:
    """Whether it is time for a base: a life of the database begins with one."""
    begun = [base.begun for base in bases if base.timeline == timeline]
    return not begun or now - max(begun) >= every


def outdated(bases: Sequence[Base], keep: timedelta, now: datetime) -> list[Base]:
    """Bases that no moment needs to which one should still be able to go back."""
    oldest = now - keep
    needed = [base.ended for base in bases if base.ended <= oldest]
    first = max(needed, default=None)
    return [base for base in bases if first is not None and base.ended < first]


def is_needed(segment: Segment, bases: Iterable[Base]) -> bool:
    """Whether any of these bases is replayed from a segment, or from one before it."""
    starts = [number_at(base.start) for base in bases]
    return not starts or segment.number >= min(starts)


def choose(
    bases: Iterable[Base],
    lives: Iterable[Life],
    histories: Mapping[int, Sequence[Branch]],
    at: datetime,
) -> Way | None:
    """The shortest way to a moment as the database was then; None if there is none.

    Args:
        bases: All of one database.
        lives: And all its lives.
        histories: The ways to each of them.
        at: The moment.
    """
    begun = [life for life in lives if life.begun <= at]
    if not begun:
        return None
    timeline = max(begun, key=lambda life: (life.begun, life.timeline)).timeline
    branches = histories[timeline]
    ends = {branch.timeline: branch.end for branch in branches}
    found = [base for base in bases if base.ended <= at and _lies_on(base, ends)]
    if not found:
        return None
    return Way(max(found, key=lambda base: base.ended), timeline, branches)


def wanted(way: Way, there: Iterable[Segment], last: int | None) -> tuple[list[Segment], bool]:
    """The segments that a way needs, in order, as far as none is missing.

    Args:
        way: Which.
        there: All there are.
        last: Number of the last one that is of any use; None for as many as there are.

    Returns:
        Them, and whether there are some behind one that is missing.
    """
    known = sorted(one for one in there if last is None or one.number <= last)
    chosen: list[Segment] = []
    number = number_at(way.base.start)
    while number is not None:
        of_number = {one.timeline: one for one in known if one.number == number}
        found = [of_number[tli] for tli in _timelines_at(way, number) if tli in of_number]
        chosen += found
        number = number + 1 if found else None
    end = chosen[-1].number if chosen else -1
    usable = [one for one in known if one.timeline in _timelines_at(way, one.number)]
    return chosen, any(one.number > end for one in usable)


def _timelines_at(way: Way, number: int) -> list[int]:
    """The lives of a way that wrote into the segment of a number: two where one left the other."""
    found: list[int] = []
    begin = 0
    for branch in way.branches:
        if number >= begin and (branch.end is None or number <= number_at(branch.end)):
            found.append(branch.timeline)
        begin = number_at(branch.end) if branch.end is not None else begin
    return found


def _lies_on(base: Base, ends: Mapping[int, int | None]) -> bool:
    if base.timeline not in ends:
        return False
    end = ends[base.timeline]
    return end is None or base.end <= end
