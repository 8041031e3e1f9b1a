"""Tasks that handlers start: remembered with their call, so that none outlives it unnoticed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from hanse.runtime.call.context import running

if TYPE_CHECKING:
    from collections.abc import Coroutine

PRUNE_AT = 64


def make_task(
    loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], **options: Any
) -> asyncio.Task[Any]:
    """A loop's task factory. The runtime's own tasks do not pass through here and cost nothing.

    What no task begins, but a callback of the loop, is no handler's: so a library ends what was
    broken off, like asyncpg, which asks its server then to stop a statement.
    """
    task = asyncio.Task(coroutine, loop=loop, **options)
    call = running.get()
    if call is not None and asyncio.current_task(loop) is not None:
        if call.children is None:
            call.children = []
        elif len(call.children) >= PRUNE_AT:
            call.children[:] = [child for child in call.children if not child.done()]
        call.children.append(task)
    return task
