"""`offload`: work for another core, in a bounded pool of processes."""

from __future__ import annotations

import asyncio
import importlib
import multiprocessing
import os
import typing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import msgspec

from hanse.runtime.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")

WAITING_PER_WORKER_MAX = 8


class Offload:
    """Runs functions of a module in other processes; ask for it in a service's constructor.

        def __init__(self, offload: Offload) -> None:
            self.offload = offload

        async def thumbnail(self, picture: bytes) -> bytes:
            return await self.offload(shrink, picture)

    Arguments and results cross as JSON of their declared types, the same way as everywhere: no pickle,
    so nothing that a value says can run code.
    """

    def __init__(self, workers: int = 0) -> None:
        self._workers = workers or os.cpu_count() or 1
        self._pool: ProcessPoolExecutor | None = None
        self._taken = 0

    async def __call__(
        self, function: Callable[P, R], /, *arguments: P.args, **named: P.kwargs
    ) -> R:
        """Awaits `function(*arguments, **named)` in another process.

        Raises:
            Unavailable: As much waits already as may, or the process was killed.
            TypeError: The function is not one of a module, or has no types.
        """
        where, hints = _described(function)
        if self._taken >= self._workers * (1 + WAITING_PER_WORKER_MAX):
            raise Unavailable("All processes for offloaded work are busy.")
        self._taken += 1
        try:
            body = msgspec.json.encode((arguments, named))
            result = await asyncio.wrap_future(self._started().submit(_work, where, body))
            return msgspec.json.decode(result, type=hints["return"])
        except BrokenProcessPool as error:
            self._pool = None
            raise Unavailable("The process of this work was killed.").because(error) from error
        finally:
            self._taken -= 1

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def statistics(self) -> dict[str, int]:
        return {"taken": self._taken, "workers": self._workers}

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")  # a fork would share the loop's sockets
            self._pool = ProcessPoolExecutor(self._workers, mp_context=context)
        return self._pool


def _described(function: Callable[..., Any]) -> tuple[str, dict[str, Any]]:
    where = f"{function.__module__}:{function.__qualname__}"
    if "<" in where or "." in function.__qualname__:
        raise TypeError(
            f"{where} cannot be found from another process; offload a module's function"
        )
    hints = typing.get_type_hints(function, include_extras=True)
    if "return" not in hints:
        raise TypeError(f"{where} must say what it takes and gives: arguments cross by their types")
    return where, hints


def _work(where: str, body: bytes) -> bytes:
    """Runs in the other process."""
    module, _, name = where.partition(":")
    function = getattr(importlib.import_module(module), name)
    hints = typing.get_type_hints(function, include_extras=True)
    result_type = hints.pop("return")
    positional, named = msgspec.json.decode(body)
    kinds = list(hints.values())
    given = [msgspec.convert(value, kind) for value, kind in zip(positional, kinds, strict=False)]
    named = {name: msgspec.convert(value, hints[name]) for name, value in named.items()}
    result = function(*given, **named)
    encoded = msgspec.json.encode(result)
    msgspec.json.decode(encoded, type=result_type)
    return encoded
