"""How a program is cared for: what it is asked, how long it is waited for, when it may start."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hanse.fleet.engine.silence import PATIENCE, Patience
from hanse.kit.backoff import Backoff

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

    from hanse.fleet.engine.supervision import Supervision


TURN_SECONDS = 10.0
"""After which the next one may start too: what hangs is not waited for by others."""


class Starts:
    """Lets so many programs start at a time.

    A machine that starts all of its hosts at once has none of them ready in time: each takes
    seconds of processor time for its imports, and waits for others to have their tables.

    Args:
        at_once: So many; None for any number.
        seconds: That one of them may take, before the next one begins beside it.
    """

    def __init__(self, at_once: int | None = None, seconds: float = TURN_SECONDS) -> None:
        self._free = None if at_once is None else asyncio.Semaphore(at_once)
        self._seconds = seconds

    @contextmanager
    def turn(self) -> Generator[Turn]:
        """One start; it is over with the block, or when it has had its time."""
        turn = Turn(self._free, self._seconds)
        try:
            yield turn
        finally:
            turn.end()


class Turn:
    """One start, which may have to wait."""

    def __init__(self, free: asyncio.Semaphore | None, seconds: float) -> None:
        self._free = free
        self._seconds = seconds
        self._late: asyncio.TimerHandle | None = None

    async def come(self) -> None:
        """Waits until it may begin."""
        if self._free is not None and self._late is None:
            await self._free.acquire()
            self._late = asyncio.get_running_loop().call_later(self._seconds, self.end)

    def end(self) -> None:
        """It has begun, or will not."""
        if self._late is not None and self._free is not None:
            self._late.cancel()
            self._free.release()
            self._free = None


async def always_ready() -> bool:
    """Of a program that is ready as soon as it runs."""
    return True


class Care:
    """How a program is cared for; what is not given has a good default.

    Args:
        probe: Whether it answers by now; asked again and again until it does, and never after.
        lives: Whether it says anything at all, if only that it is not ready; asked once it was
            ready, and before it is killed for taking long to get there.
        prepare: Done before each start, like making a database; may raise as a start may fail.
        changed: Called at every change of `stage`, at once: the moment a process is gone.
        patience: How long it is waited for.
        backoff: How long to wait after each failure.
    """

    def __init__(
        self,
        *,
        probe: Callable[[], Awaitable[bool]] = always_ready,
        lives: Callable[[], Awaitable[bool]] | None = None,
        prepare: Callable[[], Awaitable[None]] | None = None,
        changed: Callable[[Supervision], None] | None = None,
        patience: Patience = PATIENCE,
        backoff: Backoff | None = None,
    ) -> None:
        self.probe = probe
        self.lives = lives
        self.prepare = prepare
        self.changed = changed
        self.patience = patience
        self.backoff = backoff or Backoff()
