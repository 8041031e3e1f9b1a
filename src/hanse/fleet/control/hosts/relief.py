"""Hosts that have more memory than they may are replaced: the new one first, where it can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.fleet.control.hosts.member import settled
from hanse.fleet.control.hosts.rollout import ChangeFailed
from hanse.fleet.control.hosts.wanted import Wanted
from hanse.fleet.engine.limits.cgroup import limits_cpu
from hanse.kit.clock import monotonic

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hanse.fleet.control.hosts.member import Member
    from hanse.fleet.control.hosts.publisher import Publisher
    from hanse.fleet.control.hosts.rollout import Rollout


async def relieve(member: Member, publisher: Publisher, rollout: Rollout) -> None:
    """Replaces a host, with the code it has.

    One that is something to a deployment is itself ended and started anew, for it is counted what
    becomes of it; so is one for which no other starts.
    """
    member.supervision.note_excess(member.supervision.excess.seen)
    before = list(publisher.members)
    serving = settled(before)
    # Where other regions are not told that it ends it does not: nor does memory get any more.
    if member not in serving or not publisher.neighbours.told():
        return await _restarted(member, publisher, rollout)
    wanted = {one.group.name: _as_it_is(one) for one in serving}
    try:
        await rollout.bring(list(wanted.values()), [member.name])
    except ChangeFailed:
        await rollout.withdraw([one for one in publisher.members if one not in before])
        return await _restarted(member, publisher, rollout)
    for one in publisher.members:
        if one not in before and one.group.name == member.group.name:
            one.supervision.follow(member.supervision)
            one.become("", member.record.deployment)
    return None


def notes_of_limits(members: Sequence[Member]) -> Iterator[str]:
    """What an operator should know."""
    for one in members:
        yield from one.supervision.excess.notes(one.name, monotonic())
    unlimited = {one.group.name for one in members if one.group.limits.cpu is not None}
    if unlimited and not limits_cpu():
        yield (
            f"cpu is not limited ({', '.join(sorted(unlimited))}): this machine lets us make no "
            "control groups (cgroup v2 with the cpu controller delegated to this user)."
        )


def _as_it_is(member: Member) -> Wanted:
    own = member.record
    return Wanted(own.group, own.release, own.environment, own.local)


async def _restarted(member: Member, publisher: Publisher, rollout: Rollout) -> None:
    """Nobody sends it anything when it ends, nor until it answers again."""
    member.leaving = True
    try:
        await rollout.applied(await publisher.publish())
        await member.supervision.give_way()
    finally:
        member.leaving = False
        publisher.changed()
