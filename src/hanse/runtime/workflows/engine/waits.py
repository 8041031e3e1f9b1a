"""What an instance waits for, and when it does nothing else, so that it may leave the memory."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from hanse.runtime.workflows.journal.entry import Entry

HOT = timedelta(seconds=1)
"""Who waits no longer than this stays in memory."""

GRACE_SECONDS = 0.01
"""How long branches that run side by side have, to ask for the next thing."""

Wait = tuple["datetime | None", "Entry"]


class Waits:
    """Belongs to one instance.

    Args:
        now: Business time.
        branches: Whether anything of it runs side by side.
        leave: Has it leave the memory until then, with entries of what it waits for.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        branches: Callable[[], bool],
        leave: Callable[[datetime | None, list[Entry]], None],
    ) -> None:
        self._now = now
        self._branches = branches
        self._leave = leave
        self._busy = 0
        self._waits: dict[asyncio.Future[None], Wait] = {}
        self._settling: asyncio.TimerHandle | None = None
        self._looked: datetime | None = None
        self._leaving = False

    @property
    def only(self) -> bool:
        """Whether it does nothing but wait, and stays."""
        return bool(self._waits) and not self._busy and not self._leaving

    def begin_work(self) -> None:
        """Says that something is done for it; `end_work` must follow."""
        self._busy += 1

    def end_work(self) -> None:
        """Says that it is over."""
        self._busy -= 1
        self._settle()

    async def until(self, due: datetime | None, entry: Entry) -> None:
        """Waits until then, or until something has come from outside; it may have neither.

        Args:
            due: When it goes on by itself; None if never.
            entry: What is written of this if it leaves meanwhile.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waits[future] = (due, entry)
        self._settle()
        try:
            await future
        finally:
            self._waits.pop(future, None)

    def go_on(self) -> None:
        """Has all that waits look again; none of it waits from here on, so that it cannot leave."""
        self._leaving = False
        waits, self._waits = self._waits, {}
        for future in waits:
            if not future.done():
                future.set_result(None)

    def close(self) -> None:
        """Ends its timer."""
        if self._settling is not None:
            self._settling.cancel()

    def _settle(self) -> None:
        """Leaves if it only waits; a little later where it has branches, which may go on."""
        if self._busy or not self._waits or self._settling is not None:
            return
        if self._branches():
            self._later(GRACE_SECONDS)
        else:
            self._rest()

    def _later(self, seconds: float) -> None:
        self._settling = asyncio.get_running_loop().call_later(seconds, self._rest)

    def _rest(self) -> None:
        self._settling = None
        if not self.only:
            return
        wake = min((due for due, _ in self._waits.values() if due is not None), default=None)
        now = self._now()
        if wake is not None and wake <= now:
            self.go_on()
        elif wake is not None and wake - now <= HOT and now != self._looked:
            self._looked = now  # where that is still so business time does not go on by itself
            self._later((wake - now).total_seconds())
        else:
            self._leaving = True
            self._leave(wake, [entry for _, entry in self._waits.values()])
