"""Ends tasks for sure."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

AGAIN_SECONDS = 1.0


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
