"""Looks at every process of a fleet every so often: what it uses, what it does, what it blocks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.control.looks.numbers import Numbers, Rates, rates
from hanse.fleet.control.looks.scrape import numbers_of
from hanse.fleet.control.looks.usage import Usage, UsageMeter
from hanse.kit.clock import monotonic

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hanse.fleet.control.hosts.member import Member
    from hanse.fleet.engine.supervision import Supervision


class Reading(msgspec.Struct, frozen=True):
    """One process between the last two looks."""

    usage: Usage = Usage()
    rates: Rates = Rates()


class Watch:
    """Remembers the last look at each process."""

    def __init__(self) -> None:
        self._meters: dict[str, UsageMeter] = {}
        self._numbers: dict[str, Numbers] = {}
        self._readings: dict[str, Reading] = {}

    def reading(self, name: str) -> Reading:
        """What the last look at a process said."""
        return self._readings.get(name, Reading())

    async def look(self, processes: Iterable[Supervision], members: Iterable[Member]) -> None:
        """Looks at all of them."""
        doors = [(one.name, one.socket) for one in members if one.supervision.stage == "ready"]
        now = monotonic()
        found = await asyncio.gather(*(numbers_of(socket, now) for _, socket in doors))
        numbers = {name: some for (name, _), some in zip(doors, found, strict=True) if some}
        readings = {
            one.name: Reading(
                self._usage(one.name, one.pid, now), self._rates(one.name, numbers.get(one.name))
            )
            for one in processes
            if one.pid
        }
        self._readings, self._numbers = readings, numbers
        self._meters = {name: meter for name, meter in self._meters.items() if name in readings}

    def _usage(self, name: str, pid: int, now: float) -> Usage:
        meter = self._meters.get(name)
        if meter is None or meter.pid != pid:
            meter = self._meters[name] = UsageMeter(pid, now)
        return meter.look(now)

    def _rates(self, name: str, numbers: Numbers | None) -> Rates:
        before = self._numbers.get(name)
        return rates(before, numbers) if before and numbers else Rates()
