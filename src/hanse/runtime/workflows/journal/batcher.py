"""Has what many ask for be done together: what comes while one batch is under way is the next."""

from __future__ import annotations

import asyncio
from contextvars import Context
from typing import TYPE_CHECKING, Generic, TypeVar

from hanse.kit.backoff import Backoff
from hanse.kit.clock import wait_set
from hanse.runtime.errors import HanseError
from hanse.runtime.workflows.retry import OF_THE_MOMENT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

T = TypeVar("T")

BATCH_MAX = 512


class Batcher(Generic[T]):
    """Writes what it is given, one batch after another, and has no timer while there is nothing.

    What it is given is bounded by who gives: each instance in memory has one write at most that is
    not on its way.

    Args:
        write: Writes a batch; it may be called again with the same.
        refuse: Told of what can never be written.
        patient: Whether it goes on where the database is away; else it refuses that as well.
    """

    def __init__(
        self,
        write: Callable[[Sequence[T]], Awaitable[None]],
        refuse: Callable[[T, HanseError], None],
        *,
        patient: bool,
    ) -> None:
        self._write = write
        self._refuse = refuse
        self._patient = patient
        self._waiting: list[T] = []
        self._task: asyncio.Task[None] | None = None

    def put(self, one: T) -> None:
        """Has one written with the next batch."""
        self._waiting.append(one)
        if self._task is None or self._task.done():
            # Of no call: a batch is of many sites, and outlives who began it.
            self._task = asyncio.Task(
                self._run(), loop=asyncio.get_running_loop(), context=Context()
            )

    async def stop(self) -> None:
        """Breaks off; who waits is told nothing."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH_MAX], self._waiting[BATCH_MAX:]
            await self._whole(batch)

    async def _whole(self, batch: Sequence[T]) -> None:
        backoff = Backoff()
        while True:
            try:
                await self._write(batch)
            except OF_THE_MOMENT as error:
                if not self._patient:
                    self._refuse_all(batch, error)
                    return
                await wait_set(asyncio.Event(), backoff.next())
            except HanseError as error:
                await self._one_by_one(batch, error)
                return
            else:
                return

    async def _one_by_one(self, batch: Sequence[T], error: HanseError) -> None:
        """What cannot be written takes nothing else with it."""
        if len(batch) == 1:
            self._refuse_all(batch, error)
            return
        for one in batch:
            await self._whole((one,))

    def _refuse_all(self, batch: Sequence[T], error: HanseError) -> None:
        for one in batch:
            self._refuse(one, error)
