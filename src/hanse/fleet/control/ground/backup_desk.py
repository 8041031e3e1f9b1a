"""The process that backs up a fleet's data: kept running while the project wants it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.backup.report import Order, read_report
from hanse.fleet.control.api import BackupStatus, NoBackup
from hanse.fleet.engine.program import Program, surroundings
from hanse.fleet.engine.supervision import Supervision
from hanse.fleet.state import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime, timedelta

    from hanse.fleet.backup.report import Report
    from hanse.fleet.state import StateFolder
    from hanse.kit.clock import Clock

NAME = "backup"
SILENT_SECONDS = 15.0
LATE_SECONDS = 60.0
"""What was acknowledged so long ago and still lies on this machine alone is worth a word."""

ELSEWHERE = (
    "[backup] does nothing here: the database is one that [database] names, and whoever provides "
    "it backs it up."
)
NOWHERE = (
    "This project says of no place for backups. Write [backup] in hanse.toml and give its folder, "
    "on another disk, or its bucket; then: hanse up"
)


class BackupDesk:
    """Starts it, tells how it goes, ends it.

    Args:
        state: The project's state folder.
        variables: The environment.
        clock: Tells how long ago something was.

    Attributes:
        supervision: What keeps it running; None if nothing is to be backed up.
    """

    def __init__(self, state: StateFolder, variables: Mapping[str, str], clock: Clock) -> None:
        self._state = state
        self._environment = surroundings(variables)
        self._clock = clock
        self._order: Order | None = None
        self._elsewhere = False
        self.supervision: Supervision | None = None

    async def follow(self, order: Order | None, *, elsewhere: bool) -> None:
        """Has it run as it is wanted now.

        Args:
            order: What is to be backed up; None for nothing.
            elsewhere: Whether the database is none of this fleet's.
        """
        self._elsewhere = elsewhere and order is not None
        wanted = None if elsewhere else order
        if wanted == self._order:
            return
        await self.stop()
        self._order, self.supervision = wanted, None
        if wanted is not None:
            self.supervision = Supervision(self._program(wanted), self._state)
            self.supervision.start()

    async def stop(self) -> None:
        """Ends it; what it received last is kept before."""
        if self.supervision is not None:
            await self.supervision.stop()

    async def leave(self) -> None:
        """Leaves it running, for another to adopt."""
        if self.supervision is not None:
            await self.supervision.leave()

    def ask(self, request: str) -> None:
        """Begins to take a base.

        Raises:
            NoBackup: There is no place for it.
        """
        if self._order is None:
            raise NoBackup(ELSEWHERE if self._elsewhere else NOWHERE)
        write_whole(self._state.backup / "asked", request.encode())

    def status(self) -> BackupStatus | None:
        """How far it is; None if nothing is backed up."""
        if self._order is None:
            return None
        report = read_report(self._state)
        if report is None:
            return BackupStatus(place="")
        return BackupStatus(
            place=report.place,
            bases=report.bases,
            base_seconds=self._ago(report.base_ended),
            base_bytes=report.base_size,
            behind_seconds=self._ago(report.complete),
            behind_bytes=report.behind,
            step=report.step,
            answered=report.answered,
            refused=report.refused,
        )

    def notes(self) -> Iterator[str]:
        """What an operator should know."""
        if self._elsewhere:
            yield ELSEWHERE
        report = read_report(self._state) if self._order else None
        if report is None:
            return
        silent = self._ago(report.written) or 0.0
        if silent > SILENT_SECONDS:
            yield f"Backups have stood still for {silent:.0f} s. Why: hanse logs {NAME}"
            return
        yield from (f"Backups are in danger. {said}" for said in report.problems)
        behind = self._ago(report.complete)
        if behind is not None and behind > LATE_SECONDS:
            yield f"What was written in the last {behind:.0f} s is on this machine alone."
        if report.others and report.bases <= 1:
            yield _said_of_others(report)

    def _ago(self, when: datetime | None) -> float | None:
        if when is None:
            return None
        past: timedelta = self._clock.now() - when
        return max(0.0, past.total_seconds())

    def _program(self, order: Order) -> Program:
        # All that is wanted stands in the command, so that what changes begins a new process.
        told = msgspec.json.encode(order).decode()
        command = (sys.executable, "-P", "-m", "hanse.fleet.backup.main", told)
        return Program(name=NAME, command=command, environment=self._environment, gives_way=True)


def _said_of_others(report: Report) -> str:
    return (
        f"{report.place} has backups of another database of yours, {', '.join(report.others)}. "
        "If this one should have been that: hanse down, then hanse restore --replace"
    )
