"""Has what many ask for in the same moment asked for in one."""

from __future__ import annotations

import asyncio
from contextvars import Context
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

Q = TypeVar("Q")
A = TypeVar("A")


class Together(Generic[Q, A]):
    """Asks what came at once in one batch, and what comes while that is under way in the next.

    Args:
        ask: Answers each question of a batch, in its order. If it fails, all of it has failed.
    """

    def __init__(self, ask: Callable[[Sequence[Q]], Awaitable[Sequence[A]]]) -> None:
        self._ask = ask
        self._batch: list[Q] = []
        self._next: asyncio.Task[Sequence[A]] | None = None
        self._last: asyncio.Task[Sequence[A]] | None = None

    async def ask(self, one: Q) -> A:
        """The answer; whoever is cancelled meanwhile takes nobody else's.

        Raises:
            Exception: What the batch failed with.
        """
        if self._next is None:
            # Of none of those who ask: who began it may end before the others have theirs.
            self._next = asyncio.Task(
                self._run(self._last), loop=asyncio.get_running_loop(), context=Context()
            )
        at = len(self._batch)
        self._batch.append(one)
        return (await asyncio.shield(self._next))[at]

    async def _run(self, before: asyncio.Task[Sequence[A]] | None) -> Sequence[A]:
        if before is not None:
            await asyncio.wait((before,))
        batch, self._batch = self._batch, []
        self._last, self._next = self._next, None
        return await self._ask(batch)
