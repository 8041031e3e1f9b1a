"""One method bound to what serves it: the pipeline every call runs through, however it came."""

from __future__ import annotations

import asyncio
import inspect
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec.structs import astuple

from hanse.kit.ending import CutOff, is_stray
from hanse.runtime.call.context import Call, running
from hanse.runtime.call.deadline import time_is_up
from hanse.runtime.contract.unknown_fields import LOOKED_AT, unknown_fields
from hanse.runtime.errors import (
    KINDS,
    Canceled,
    DeadlineExceeded,
    HanseError,
    Internal,
    Unavailable,
)
from hanse.runtime.identity.permission import PUBLIC
from hanse.runtime.telemetry.wordless import wordless

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from hanse.runtime.call.context import Origin
    from hanse.runtime.call.idempotency import Once
    from hanse.runtime.call.observer import Observer
    from hanse.runtime.call.threads import Threads
    from hanse.runtime.contract.method import Method
    from hanse.runtime.telemetry.metrics import MethodMetrics

T = TypeVar("T")

log = logging.getLogger("hanse.call")

LOGGED = "_hanse_logged"
"""Marks an error whose cause is in a log, so that callers leave it at that."""

FAILED = "The service failed. Its log has the cause under this trace."

_END = object()
"""Comes after the last item of a stream."""


class Endpoint:
    """A method and what serves it.

    Attributes:
        method: What was declared.
        once: Remembers answers under idempotency keys; None where nothing can.
    """

    __slots__ = (
        "_allows",
        "_finished",
        "_handle",
        "_limit",
        "_metrics",
        "_observer",
        "_open",
        "_threads",
        "method",
        "once",
    )  # fmt: skip

    def __init__(
        self,
        method: Method,
        *,
        observer: Observer,
        threads: Threads,
        once: Once | None = None,
    ) -> None:
        self.method = method
        self.once = once
        self._handle: Callable[..., Any] = _not_yet
        self._threads = threads
        self._observer = observer
        self._finished = observer.finished
        self._metrics = observer.metrics
        self._limit = method.concurrency
        self._allows = method.rule.allows
        # Asked on every call, and most methods in front of a fast path are open to all.
        self._open = method.rule == PUBLIC

    def serve_by(self, service: object) -> None:
        """Binds the method of an instance; until then calls find nobody there."""
        handler = _awaitable(getattr(service, self.method.name), self.method, self._threads)
        for around in getattr(service, "__around__", ()):  # what was given to it, see `Wiring`
            handler = around(handler, streams=self.method.signature.streams)
        self._handle = _naming(handler, self.method.signature.named)

    async def run(
        self, call: Call, read: Callable[[Any], Any], given: Any, finish: Callable[[Any], T]
    ) -> T:
        """Serves one call: checks permission, runs the handler in time, checks the answer.

        Args:
            call: Its context and deadline; the endpoint makes it the running one.
            read: Makes checked arguments of `given`.
            given: The arguments as they came.
            finish: Checks the answer and gives it the form the caller needs.

        Raises:
            HanseError: Declared by the method or one of the platform's kinds, nothing else.
        """
        token = running.set(call)
        code = ""
        metrics = self._metrics
        metrics.in_flight += 1
        try:
            open_to_caller = self._open or self._allows(call.origin.principal)
            if not open_to_caller or metrics.in_flight > self._limit:
                self._check(call)
            if call.keyed is not None and self.once is not None:
                answer = await self.once.run(call, read(given), self._handle, self._failure)
            else:
                answer = await self._handle(*astuple(read(given)))
            if call.expired:
                raise asyncio.CancelledError  # noqa: TRY301 - the one its handler swallowed
            return finish(answer)
        except BaseException as error:
            failure = self._failure(call, error)
            code = failure.code
            if failure is error or isinstance(failure, Canceled):
                raise
            raise failure from error
        finally:
            metrics.in_flight -= 1
            running.reset(token)
            if call.children is not None:
                end_children(call)
            self._finished(call, code)

    async def stream(
        self, call: Call, read: Callable[[Any], Any], given: Any, finish: Callable[[Any], T]
    ) -> AsyncGenerator[T, None]:
        """Serves one call that answers with many items; like `run`, with each item checked."""
        code = ""
        self._metrics.in_flight += 1
        items = None
        try:
            self._check(call)
            items = self._handle(*astuple(read(given)))
            while True:
                # Set for one step at a time: a generator shares its consumer's context variables.
                token = running.set(call)
                try:
                    item = await anext(items)
                except StopAsyncIteration:
                    item = _END
                finally:
                    running.reset(token)
                if call.expired:
                    raise asyncio.CancelledError  # noqa: TRY301 - the one its handler swallowed
                if item is _END:
                    break
                yield finish(item)
        except GeneratorExit:
            code = Canceled.code
            raise
        except BaseException as error:
            failure = self._failure(call, error)
            code = failure.code
            if failure is error or isinstance(failure, Canceled):
                raise
            raise failure from error
        finally:
            self._metrics.in_flight -= 1
            try:
                if items is not None:
                    await items.aclose()
            finally:
                self._end(call, code)

    def _end(self, call: Call, code: str) -> None:
        if call.children is not None:
            end_children(call)
        self._finished(call, code)

    def read_tolerantly(self, body: bytes) -> Any:
        """Arguments from another host, whose release may be newer: unknown fields are counted."""
        arguments = self.method.checked_arguments(body)
        if not self._metrics.codes[""] % LOOKED_AT:
            self._metrics.unknown_fields += unknown_fields(arguments, body)
        return arguments

    @property
    def metrics(self) -> MethodMetrics:
        """What is counted of its calls."""
        return self._metrics

    def refused(self, error: HanseError, origin: Origin) -> None:
        """Counts a call that the door turned away, and for whom it was."""
        self._observer.refused(error, origin)

    def _check(self, call: Call) -> None:
        """Refuses who may not call, and calls beyond the bound."""
        self.method.rule.check(call.origin.principal)
        if self._metrics.in_flight > self.method.concurrency:
            raise Unavailable(f"{self.method.full_name} has all the calls it can run.")

    def _failure(self, call: Call, error: BaseException) -> HanseError:
        """What the caller sees of an error; the log sees it here, once."""
        if isinstance(error, HanseError):
            failure = _visible(error, self.method)
            if error.log and not hasattr(error, LOGGED):
                self._log(call, failure, error.__cause__ or error)
        elif isinstance(error, asyncio.CancelledError):
            failure = self._cancelled(call, error)
        elif isinstance(error, Exception):
            failure = Internal(FAILED)
            self._log(call, failure, error)
        else:
            raise error
        # Whatever a handler makes of its deadline, that is what happened.
        if time_is_up(call):
            return DeadlineExceeded(f"{self.method.full_name} did not end in time.")
        return failure

    def _cancelled(self, call: Call, error: asyncio.CancelledError) -> HanseError:
        if call.expired or not is_stray(error):
            return Canceled()
        failure = Internal(FAILED)
        self._log(call, failure, CutOff(error, "the handler"))
        return failure

    def _log(self, call: Call, failure: HanseError, cause: BaseException) -> None:
        setattr(failure, LOGGED, True)
        outer = (call.root or call).keyed
        if outer is not None and outer.sealed:
            cause = wordless(cause)
        log.error("%s failed", self.method.full_name, exc_info=cause)


def _not_yet(*_: object) -> Any:
    raise Unavailable("The service is not built yet; call others after the constructor.")


def _visible(error: HanseError, method: Method) -> HanseError:
    """The error itself if the method may end with it, else the kind it specialises."""
    cls = type(error)
    if cls in KINDS or method.errors.get(cls.code) is cls:
        return error
    kind = next((kind for kind in KINDS if issubclass(cls, kind)), Internal)
    return kind(error.detail).because(error)


def _awaitable(
    function: Callable[..., Any], method: Method, threads: Threads
) -> Callable[..., Any]:
    """The handler as something to await, or to iterate when it streams."""
    if method.signature.streams or inspect.iscoroutinefunction(function):
        return function

    def in_thread(*arguments: Any, **named: Any) -> Awaitable[Any]:
        return threads.run(function, *arguments, **named)

    return in_thread


def _naming(function: Callable[..., Any], names: tuple[str, ...]) -> Callable[..., Any]:
    """A handler whose last arguments go by name only, as something that takes all by place."""

    def call(*values: Any) -> Any:
        cut = len(values) - len(names)
        return function(*values[:cut], **dict(zip(names, values[cut:], strict=True)))

    return call if names else function


def end_children(call: Call) -> None:
    """Cancels tasks that a handler left behind, and says whose they were."""
    for task in call.children or ():
        if not task.done():
            log.warning(
                "%s ended and left task %r running; it is cancelled. "
                "Await it, or make it a workflow.",
                call.name,
                task.get_name(),
            )
            task.cancel()
            with suppress(RuntimeError):
                task.add_done_callback(_consume)


def _consume(task: asyncio.Task[object]) -> None:
    """Takes a cancelled child's outcome, so that the loop does not complain that nobody did."""
    if not task.cancelled():
        task.exception()
