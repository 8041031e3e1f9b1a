"""A bounded pool for methods written as plain `def`."""

from __future__ import annotations

import asyncio
import contextvars
import functools
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from hanse.runtime.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable


class Threads:
    """Runs blocking functions beside the loop.

    A thread cannot be cancelled: a call whose deadline passes gets its answer, while its thread,
    and its place in the bound, stay taken until the function returns.

    Args:
        workers: Threads at most.
        waiting: Calls that may queue for one; more are refused.
    """

    def __init__(self, workers: int = 16, waiting: int = 64) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="hanse-method")
        self._bound = workers + waiting
        self._taken = 0

    async def run(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Awaits a plain function, with the context variables of the caller.

        Raises:
            Unavailable: All threads are busy and the queue is full.
        """
        if self._taken >= self._bound:
            raise Unavailable("All threads are busy.")
        self._taken += 1
        bound = functools.partial(function, *arguments, **named)
        future = self._pool.submit(contextvars.copy_context().run, _without_stop, bound)
        loop = asyncio.get_running_loop()
        future.add_done_callback(lambda _: _tell(loop, self._left))
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Takes no more work; running functions end by themselves."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def statistics(self) -> dict[str, int]:
        return {"taken": self._taken, "bound": self._bound}

    def _left(self) -> None:
        self._taken -= 1


def _without_stop(function: Callable[[], Any]) -> Any:
    """A future cannot carry StopIteration: up to Python 3.11 who awaits it would wait for ever."""
    try:
        return function()
    except StopIteration as error:
        raise RuntimeError("a plain function raised StopIteration") from error


def _tell(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(callback)
