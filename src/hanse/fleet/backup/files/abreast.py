"""Some work for each of many names, a few at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

AT_ONCE = 4
"""Each holds two parts of a large file at most; more would save little and hold more."""


async def abreast(names: Iterable[str], work: Callable[[str], Awaitable[object]]) -> None:
    """Does it for all; if it fails for one, for those that were taken up by then.

    Raises:
        Exception: What came of one that failed.
    """
    left = iter(names)

    async def go() -> None:
        for name in left:
            await work(name)

    tasks = [asyncio.create_task(go()) for _ in range(AT_ONCE)]
    try:
        for task in tasks:
            await task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
