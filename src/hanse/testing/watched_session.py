"""A connection to the database with fault points around what is sent on it."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, TypeVar

from hanse.runtime.data.reading import only_reads
from hanse.runtime.data.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from hanse.kit.fault_points import Point
    from hanse.runtime.data.record import Record
    from hanse.runtime.data.transaction import Opening
    from hanse.testing.fault_rules import FaultRules

T = TypeVar("T")

TURNS = 2
"""Of the loop, after which what was written is with the kernel."""

_BESIDE = re.compile(r"\s*create\s+(unique\s+)?index\s+concurrently\s", re.IGNORECASE)


class WatchedSession(Session):
    """Passes a point before, between and after what its statements do.

    Args:
        opened: The session whose place it takes.
        rules: What happens at the points.
    """

    __slots__ = ("_rules",)

    def __init__(self, opened: Any, rules: FaultRules) -> None:
        for name in Session.__slots__:
            setattr(self, name, getattr(opened, name))
        self._rules = rules

    async def run(self, text: str, arguments: Sequence[Any]) -> tuple[list[Record], Any]:
        """Runs a statement: as it is read or written, alone or inside a transaction."""
        if text not in self._statements:  # else preparing would be what is sent first
            self._statements[text] = await self._prepare(text)
        run = super().run
        if only_reads(text):
            await self._reached("data.read.before_send")
            return await self._sent("data.read.sent", lambda: run(text, arguments))
        if self._connection.is_in_transaction():
            done = await run(text, arguments)
            await self._reached("data.transaction.wrote")
            return done
        await self._reached("data.write.before_send")
        sent: Point = "index.half" if _BESIDE.match(text) else "data.write.sent"
        done = await self._sent(sent, lambda: run(text, arguments))
        await self._reached("data.write.done")
        return done

    async def begin(self, text: str, first: Opening | None = None) -> str:
        """Begins a transaction."""
        said = await super().begin(text, first)
        await self._reached("data.transaction.begun")
        return said

    async def command(self, text: str) -> str:
        """Runs a command; a commit has points."""
        command = super().command
        if text != "commit":
            return await command(text)
        await self._reached("data.transaction.before_commit")
        said = await self._sent("data.transaction.commit_sent", lambda: command(text))
        await self._reached("data.transaction.committed")
        return said

    async def _sent(self, point: Point, send: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if not self._rules.wait_at(point):
            await self._rules.reached(point)
            return await send()
        sent = asyncio.Task(send())
        try:
            for _ in range(TURNS):
                await asyncio.sleep(0)
            await self._reached(point)
            return await sent
        except BaseException:
            sent.cancel()
            await asyncio.wait((sent,))
            raise

    async def _reached(self, point: Point) -> None:
        try:
            await self._rules.reached(point)
        except Exception:
            self.end()
            raise
