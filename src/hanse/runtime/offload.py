"""`offload`: work for another core, in a bounded pool of processes."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import multiprocessing
import operator
import os
import traceback
import typing
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import msgspec

from hanse.runtime.errors import HanseError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")

WAITING_PER_WORKER_MAX = 8


class OffloadFailed(Exception):
    """An offloaded function raised what is no error of ours; the text has its stack."""


class OffloadError(msgspec.Struct, omit_defaults=True):
    """An exception on its way back."""

    kind: str
    detail: str
    fields: dict[str, Any] = {}
    stack: str = ""

    def rebuilt(self, where: str) -> Exception:
        """The exception, of its own class if it is one of ours."""
        if self.stack:
            return OffloadFailed(f"{where} failed:\n{self.stack}")
        return _found(self.kind)(self.detail, **self.fields)


class Outcome(msgspec.Struct, omit_defaults=True):
    """What comes back from another process."""

    result: msgspec.Raw = msgspec.Raw(b"null")
    error: OffloadError | None = None


class Offload:
    """Runs functions of a module in other processes; ask for it in a service's constructor.

        def __init__(self, offload: Offload) -> None:
            self.offload = offload

        async def thumbnail(self, picture: bytes) -> bytes:
            return await self.offload(shrink, picture)

    Arguments, results and errors cross as JSON of their declared types, the same way as everywhere:
    no pickle, so nothing that a value says can run code.
    """

    def __init__(self, workers: int = 0) -> None:
        self._workers = workers or os.cpu_count() or 1
        self._pool: ProcessPoolExecutor | None = None
        self._taken = 0

    async def __call__(
        self, function: Callable[P, R], /, *arguments: P.args, **named: P.kwargs
    ) -> R:
        """Awaits `function(*arguments, **named)` in another process.

        A process cannot be cancelled: a call whose deadline passes gets its answer, while its
        process, and its place in the bound, stay taken until the function returns.

        Raises:
            Unavailable: As much waits already as may, or the process was killed.
            TypeError: The function is not a module's, lacks types, or does not take the arguments.
            HanseError: What the function raised.
            OffloadFailed: It raised something else.
        """
        where, result_type = _described(function)
        given = inspect.signature(function).bind(*arguments, **named).arguments
        if self._taken >= self._workers * (1 + WAITING_PER_WORKER_MAX):
            raise Unavailable("All processes for offloaded work are busy.")
        body = msgspec.json.encode(given)
        try:
            future = self._started().submit(_work, where, body)
            self._taken += 1
            future.add_done_callback(self._left)
            outcome = msgspec.json.decode(await asyncio.wrap_future(future), type=Outcome)
        except BrokenProcessPool as error:
            self._pool = None
            raise Unavailable("The process of this work was killed.").because(error) from error
        if outcome.error is not None:
            raise outcome.error.rebuilt(where)
        return msgspec.json.decode(outcome.result, type=result_type)

    def close(self) -> None:
        """Takes no more work and ends what runs: a host that stops must not wait for it."""
        if self._pool is None:
            return
        running: dict[int, Any] = vars(self._pool)["_processes"]  # public from Python 3.14 on
        workers = list(running.values())
        self._pool.shutdown(wait=False, cancel_futures=True)
        for worker in workers:
            worker.terminate()

    def statistics(self) -> dict[str, int]:
        return {"taken": self._taken, "workers": self._workers}

    def _left(self, _: Future[bytes]) -> None:
        self._taken -= 1

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")  # a fork would share the loop's sockets
            self._pool = ProcessPoolExecutor(self._workers, mp_context=context)
        return self._pool


def _described(function: Callable[..., Any]) -> tuple[str, Any]:
    where = _where(function)
    if "." in function.__qualname__ or "<" in where or not inspect.isfunction(function):
        raise TypeError(
            f"{where} cannot be found from another process; offload a module's function"
        )
    hints = typing.get_type_hints(function, include_extras=True)
    parameters = inspect.signature(function).parameters
    if "return" not in hints or any(name not in hints for name in parameters):
        raise TypeError(f"{where} must say what it takes and gives: arguments cross by their types")
    return where, hints["return"]


def _where(item: Any) -> str:
    return f"{item.__module__}:{item.__qualname__}"


def _found(where: str) -> Any:
    module, _, name = where.partition(":")
    return operator.attrgetter(name)(importlib.import_module(module))


def _work(where: str, body: bytes) -> bytes:
    """Runs in the other process."""
    try:
        outcome = Outcome(msgspec.Raw(_result(_found(where), body)))
    except HanseError as error:
        fields: dict[str, Any] = msgspec.to_builtins(error.fields())
        outcome = Outcome(error=OffloadError(_where(type(error)), error.detail, fields))
    except Exception as error:  # noqa: BLE001 - all of it goes back, as text
        stack = "".join(traceback.format_exception(error))
        outcome = Outcome(error=OffloadError("", "", stack=stack))
    return msgspec.json.encode(outcome)


def _result(function: Callable[..., Any], body: bytes) -> bytes:
    hints = typing.get_type_hints(function, include_extras=True)
    result_type = hints.pop("return")
    given: dict[str, Any] = msgspec.json.decode(body)
    named = {name: msgspec.convert(value, hints[name]) for name, value in given.items()}
    encoded = msgspec.json.encode(function(**named))
    msgspec.json.decode(encoded, type=result_type)
    return encoded
