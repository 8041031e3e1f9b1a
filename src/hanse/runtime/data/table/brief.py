"""Changes of tables keep nobody waiting: they give up soon, and are tried again."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from hanse.kit.backoff import Backoff
from hanse.kit.clock import monotonic, wait_set
from hanse.runtime.errors import Aborted

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from hanse.runtime.data.database import Database

LOCK_MILLISECONDS = 100
"""For so long we wait for a lock: whoever comes behind us waits for us, and no longer than that."""

PATIENCE_SECONDS = 30.0
"""For so long a host that starts tries again."""


@asynccontextmanager
async def briefly(database: Database) -> AsyncGenerator[None]:
    """A transaction that waits for locks only a moment.

    Raises:
        Aborted: Somebody else held one.
    """
    async with database.transaction():
        await database.execute(f"set local lock_timeout = {LOCK_MILLISECONDS}")
        yield


async def until_unlocked(
    work: Callable[[], Awaitable[None]], seconds: float = PATIENCE_SECONDS
) -> None:
    """Does something again and longer apart, as long as somebody else holds a lock it needs.

    Args:
        work: What is brief, and does no harm when it is done again.
        seconds: For so long it is tried.

    Raises:
        Aborted: Somebody held it all the time.
    """
    backoff, until = Backoff(), monotonic() + seconds
    while True:
        try:
            return await work()
        except Aborted:
            if monotonic() > until:
                raise
        await wait_set(asyncio.Event(), backoff.next())
