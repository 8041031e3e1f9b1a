"""Ends tasks for sure, and tells their end from that of what they wait for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

AGAIN_SECONDS = 1.0


class CutOff(RuntimeError):
    """Somebody waited for what was cancelled, and was not cancelled themselves.

    Args:
        error: What they got.
        who: In words.
    """

    def __init__(self, error: BaseException, who: str) -> None:
        super().__init__(f"What {who} waited for was cancelled.")
        self.__cause__ = error


def is_stray(error: BaseException) -> bool:
    """Whether a task was told of a cancelling that is not its own, but of what it waited for.

    Passed on it would end the task without a word, as if somebody had asked for that.
    """
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and not task.cancelling()


async def end(tasks: Collection[asyncio.Task[Any]], *, again: float = AGAIN_SECONDS) -> None:
    """Cancels tasks, and waits until they have ended.

    They are asked again and again: `asyncio.wait_for` of Python 3.11, which others use, loses a
    cancelling that comes at the moment in which what it waits for is done.

    Args:
        tasks: Some may have ended.
        again: Seconds after which who is still there is asked once more.
    """
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=again)
