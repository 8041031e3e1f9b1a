"""How a request's task begins."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

Start = Callable[[Any, asyncio.AbstractEventLoop], asyncio.Task[None]]


def start_now(coroutine: Any, loop: asyncio.AbstractEventLoop) -> asyncio.Task[None]:
    """Runs a task up to its first wait, where Python can (3.12)."""
    make: Any = asyncio.Task
    return make(coroutine, loop=loop, eager_start=True)


def start_soon(coroutine: Any, loop: asyncio.AbstractEventLoop) -> asyncio.Task[None]:
    """Begins a task in the loop's next round."""
    return asyncio.Task(coroutine, loop=loop)


start_task: Start = start_now if sys.version_info >= (3, 12) else start_soon
"""How a request's task begins: at once where Python can, else in the loop's next round."""
