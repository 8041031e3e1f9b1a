"""Finds hosts that live and answer nobody: calls go to others, and at last they are killed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from hanse.runtime.stall.stall_report import StallReport, read_stalls

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hanse.fleet.control.hosts.member import Member
    from hanse.fleet.engine.silence import Silence as ProgramSilence

log = logging.getLogger("hanse.control")

SAID_SECONDS = 2.0
"""A host that misses one look is not worth a word."""

HUNG_SECONDS = 10.0
"""Silent for so long, and seen to be blocked by no service, a host does not come to itself."""

BLOCKED_SECONDS = 60.0
"""Nor does one that a service blocks for so long at once."""

LOOKS_MIN = 3
"""So many it has missed: between two of them whoever looks may have stood still as well."""

MANY = 3
"""From so many silent hosts on, if they are more than half of all, it is the machine that is slow,
or whatever all of them wait for: to start them anew would make it slower. They are waited for as
long as one that a service blocks."""

REMEMBERED_SECONDS = 600.0


class Silence(NamedTuple):
    """A host that does not answer.

    Attributes:
        pid: Its process.
        begun: Monotonic seconds of the first look that it missed.
        moved: Of the last look at which its stall watch told anything new: it lives, and knows why.
        stalls: What that told.
        looks: How many it has missed.
    """

    pid: int
    begun: float
    moved: float
    stalls: StallReport | None
    looks: int = 1

    def goes_on(self, now: float, stalls: StallReport | None) -> Silence:
        """The same one at another look."""
        is_told = stalls is not None and stalls.seconds > 0 and stalls != self.stalls
        moved = now if is_told else self.moved
        return Silence(self.pid, self.begun, moved, stalls, self.looks + 1)

    def is_over(self, now: float, *, many: bool) -> bool:
        """Whether nobody should wait any longer.

        Args:
            now: Monotonic seconds.
            many: Whether most others are silent as well.
        """
        hung = now - self.moved >= HUNG_SECONDS and not many
        return self.looks >= LOOKS_MIN and (hung or now - self.begun >= BLOCKED_SECONDS)


class Hangs:
    """Remembers since when hosts are silent, and which were killed for it."""

    def __init__(self) -> None:
        self._silences: dict[str, Silence] = {}
        self._killed: dict[str, tuple[float, str]] = {}
        self._now = 0.0
        self._many = False

    def look(self, members: Sequence[Member], silent: Mapping[str, int], now: float) -> bool:
        """Marks the hosts that are silent, and kills those that have been for too long.

        Args:
            members: All hosts.
            silent: Those that did not answer the last look, by name, with their processes then.
            now: Monotonic seconds.

        Returns:
            Whether somebody fell silent or answers again.
        """
        before, self._silences, self._now = self._silences, {}, now
        self._forget()
        marked = [one.silent for one in members]
        for one in members:
            one.silent = one.serving and silent.get(one.name) == one.supervision.pid
        number = sum(one.silent for one in members)
        self._many = number >= MANY and number > sum(one.serving for one in members) / 2
        for one in members:
            if one.silent:
                self._silences[one.name] = self._silence(one, before.get(one.name))
        return marked != [one.silent for one in members]

    def notes(self) -> Iterator[str]:
        """What an operator should know."""
        for name, silence in self._silences.items():
            if self._now - silence.begun >= SAID_SECONDS:
                yield f"{name} does not answer; calls go to others of its group. hanse logs {name}"
        yield from (said for _, said in self._killed.values())

    def _silence(self, member: Member, before: Silence | None) -> Silence:
        pid, stalls = member.supervision.pid or 0, _stalls_of(member)
        if before is None or before.pid != pid:
            return Silence(pid, self._now, self._now, stalls)
        silence = before.goes_on(self._now, stalls)
        if silence.is_over(self._now, many=self._many):
            self._kill(member, silence)
        return silence

    def _kill(self, member: Member, silence: Silence) -> None:
        """Whoever supervises it starts it again, as after any other death."""
        said = _said_of_kill(member.name, self._now - silence.begun)
        log.error("%s", said)
        self._killed[member.name] = (self._now, said)
        member.supervision.kill()

    def _forget(self) -> None:
        since = self._now - REMEMBERED_SECONDS
        self._killed = {name: one for name, one in self._killed.items() if one[0] > since}


def silence_notes(name: str, silence: ProgramSilence, now: float) -> Iterator[str]:
    """What an operator should know of gateway, database or broker, which hang or did.

    Args:
        name: Of its process.
        silence: What its supervision knows.
        now: Monotonic seconds.
    """
    if silence.since is not None and now - silence.since >= SAID_SECONDS:
        yield f"{name} does not answer. What it did last: hanse logs {name}"
    if silence.killed_at is not None and now - silence.killed_at < REMEMBERED_SECONDS:
        yield _said_of_kill(name, silence.lasted)


def _said_of_kill(name: str, seconds: float) -> str:
    return (
        f"{name} did not answer for {seconds:.0f} s, so it was killed and started again. "
        f"What it did last: hanse logs {name}"
    )


def _stalls_of(member: Member) -> StallReport | None:
    try:
        return read_stalls(member.stall)
    except (OSError, msgspec.MsgspecError):
        return None
