"""A stage while it is watched: who looks on, and what is kept of it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.judge.judge import Memory
from hanse.kit.clock import wait_set
from hanse.runtime.errors import HanseError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from hanse.fleet.deployments.book import Book
    from hanse.fleet.deployments.judged.outcome import Now, Outcome
    from hanse.fleet.deployments.record import Deployment, Task, Wish
    from hanse.fleet.judge.judge import Judge
    from hanse.runtime.placement.deploy_table import JudgedStage

KEEP_SECONDS = 15.0
"""Between two times that what the judge remembers is written down."""


class OnLooker:
    """Operators, as far as they have said something.

    Args:
        task: Of which deployment.
        stage: Of which stage.
        book: Where they say it.
        asks: Whether they are asked to agree, where the project wants that.
    """

    def __init__(self, task: Task, stage: JudgedStage, book: Book, *, asks: bool = True) -> None:
        self._task = task
        self._stage: JudgedStage = stage
        self._book = book
        self._asks = asks and stage in task.rules.approve
        self._asked = False

    @property
    def wish(self) -> Wish:
        wish = self._book.wishes.get(self._task.name, "")
        self._asked = self._asked and wish != "pause"  # who goes on waits again, and says so
        return wish

    def see(self, now: Now) -> None:
        self._book.now[self._task.name] = now

    async def agree(self) -> bool:
        if not self._asks or self.wish == "approve":
            return True
        if not self._asked:
            self._asked = True
            name = self._task.name
            says = f"It is proven to be good, and waits for: hanse deployments approve {name}"
            await self._book.note(name, says, stage=self._stage, state="waiting")
        return False


def memory_of(kept: Deployment) -> Memory:
    """What the judge remembered when it was written down last."""
    return msgspec.json.decode(kept.memory, type=Memory) if kept.memory else Memory()


@asynccontextmanager
async def keeping(book: Book, name: str, judge: Judge) -> AsyncGenerator[None]:
    """Has what a judge remembers be written down again and again."""
    task = asyncio.create_task(_keep(book, name, judge))
    try:
        yield
    finally:
        task.cancel()
        book.now.pop(name, None)


async def write_down(
    book: Book, name: str, stage: JudgedStage, judge: Judge, outcome: Outcome
) -> None:
    """Writes down how a stage ended."""
    await book.wish(name, "")
    await book.remember(name, judge.memory)
    await book.note(name, outcome.says, stage=stage, verdict=outcome.verdict)


async def _keep(book: Book, name: str, judge: Judge) -> None:
    never = asyncio.Event()
    while True:
        await wait_set(never, KEEP_SECONDS)
        with suppress(HanseError):  # what is not written down now is the next time
            await book.remember(name, judge.memory)
