"""Waits for a condition, with a deadline."""

import asyncio
import time

SECONDS = 20.0


async def until(condition, seconds: float = SECONDS) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not come true in time"
        await asyncio.sleep(0.01)
