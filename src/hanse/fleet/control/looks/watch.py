"""Looks at every process of a fleet every so often: what it uses, and what it does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.control.looks.numbers import Numbers, Rates, rates
from hanse.fleet.control.looks.scrape import PATIENCE_SECONDS, Lines, gateway_numbers
from hanse.fleet.control.looks.usage import Usage, UsageMeter
from hanse.fleet.engine.silence import LATE_SECONDS
from hanse.kit.clock import monotonic

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from hanse.fleet.control.hosts.member import Member
    from hanse.fleet.engine.kept import Kept


class Reading(msgspec.Struct, frozen=True):
    """One process between the last two looks."""

    usage: Usage = Usage()
    rates: Rates = Rates()


class Watch:
    """Remembers the last look at each process.

    Attributes:
        silent: Hosts that did not answer the last look, with their processes then.
        late: Whether that took longer than any of them had for an answer: then it was we who stood
            still, and nobody knows who is silent.
    """

    def __init__(self) -> None:
        self._meter = UsageMeter()
        self._lines = Lines()
        self._numbers: dict[str, Numbers] = {}
        self._readings: dict[str, Reading] = {}
        self.silent: dict[str, int] = {}
        self.late = False

    def reading(self, name: str) -> Reading:
        """What the last look at a process said."""
        return self._readings.get(name, Reading())

    async def look(
        self,
        processes: Iterable[Kept],
        members: Iterable[Member],
        gateway: tuple[str, Path] | None = None,
    ) -> None:
        """Looks at all of them.

        Args:
            processes: All there are.
            members: Those of them that are hosts.
            gateway: Name of its process, and its admin door; None for none.
        """
        doors = [(one.name, one.socket) for one in members if one.supervision.stage == "ready"]
        alive = [one for one in processes if one.pid]
        pids = {one.name: one.pid or 0 for one in alive}
        limits = {
            one.pid or 0: one.program.limits.memory_bytes
            for one in alive
            if one.program.limits.memory_bytes
        }
        now = monotonic()
        self._lines.keep([socket for _, socket in doors])
        asked = (self._lines.numbers_of(socket, now) for _, socket in doors)
        found = await asyncio.gather(*asked)
        self.late = monotonic() - now > PATIENCE_SECONDS + LATE_SECONDS
        used = await asyncio.to_thread(self._meter.look, pids.values(), monotonic(), limits)
        said = dict(zip((name for name, _ in doors), found, strict=True))
        self.silent = {name: pids[name] for name, some in said.items() if not some and name in pids}
        before = self._numbers
        if gateway is not None:
            said[gateway[0]] = await gateway_numbers(gateway[1], now)
        self._numbers = {name: some for name, some in said.items() if some}
        self._readings = {
            name: Reading(used.get(pid, Usage()), self._rates(before.get(name), name))
            for name, pid in pids.items()
        }

    def leave(self) -> None:
        """Asks nobody any more."""
        self._lines.keep(())

    def _rates(self, before: Numbers | None, name: str) -> Rates:
        now = self._numbers.get(name)
        return rates(before, now) if before and now else Rates()


def too_heavy(members: Iterable[Member], watch: Watch) -> list[Member]:
    """Hosts that have more memory than they may; those that run away are killed here."""
    return [
        one for one in members if one.supervision.weigh(watch.reading(one.name).usage.memory_bytes)
    ]
