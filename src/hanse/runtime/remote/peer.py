"""Calls to a service in another process: Connect unary over kept connections, streams as events."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.kit.http import ConnectionFailed
from hanse.runtime.call.deadline import in_time, time_is_up
from hanse.runtime.call.transaction_open import UnitOpen
from hanse.runtime.contract.unknown_fields import LOOKED_AT, unknown_fields
from hanse.runtime.errors import Canceled, DeadlineExceeded, HanseError, Internal, Unavailable
from hanse.runtime.remote.events import read_events
from hanse.runtime.remote.frames import BODY_MAX, Answer
from hanse.runtime.remote.retry import TRIES_MAX, RetryBudget
from hanse.runtime.remote.wire import ask_of, broken, context_lines, read_error, request_head

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from hanse.kit.http import Channel
    from hanse.runtime.call.context import Call
    from hanse.runtime.call.observer import Observer
    from hanse.runtime.call.outgoing import Caller
    from hanse.runtime.contract.method import Method
    from hanse.runtime.remote.balance import Balancer, Part
    from hanse.runtime.remote.link import Link
    from hanse.runtime.remote.pool import Pool
    from hanse.runtime.telemetry.metrics import MethodMetrics


class Peer:
    """A service somewhere else.

    Args:
        balancer: Its addresses.
        lines: Header lines that say for whom a call is: our context on a trusted connection, else
            a token.
    """

    def __init__(self, balancer: Balancer, lines: Callable[[Call], bytes] = context_lines) -> None:
        self._balancer = balancer
        self._lines = lines
        self._budget = RetryBudget()

    def move(
        self, pools: tuple[Pool, ...], parts: tuple[Part, ...], elsewhere: tuple[Pool, ...]
    ) -> None:
        """From now on it is served there; calls under way end where they are."""
        self._balancer.replace(pools, parts, elsewhere)

    def bind(self, caller: Caller, method: Method, observer: Observer) -> Callable[..., Any]:
        """A method of that service as something to call."""
        if method.signature.streams:
            return self._bind_stream(caller, method, observer)
        begin, request_type, write = caller.begin, method.request_type, method.write_arguments
        metrics = observer.metrics

        async def call(*args: Any, **kwargs: Any) -> Any:
            body = write(request_type(*args, **kwargs))
            try:
                call, unwatched = begin(method, body)
            except UnitOpen:
                call, unwatched = await caller.settle_and_begin(method, body)
            code = ""
            metrics.in_flight += 1
            if unwatched:
                call.deadlines.watch(call)
            try:
                answer = await self._send(method, call, body)
                return _read_answer(method, answer, metrics)
            except HanseError as error:
                code = error.code
                raise
            except asyncio.CancelledError:
                code = Canceled.code
                if not time_is_up(call):
                    raise
                code = DeadlineExceeded.code
                raise DeadlineExceeded(f"{method.full_name} did not end in time.") from None
            finally:
                metrics.in_flight -= 1
                if unwatched:
                    call.deadlines.leave(call)
                observer.finished(call, code)

        return call

    async def _send(self, method: Method, call: Call, body: bytes) -> bytes:
        """One call with its retries."""
        self._budget.earn()
        failed: tuple[Pool, ...] = ()
        for tries_left in range(TRIES_MAX - 1, -1, -1):
            pool = self._balancer.choose(failed)
            try:
                return await self._exchange(pool, method, call, body)
            except ConnectionFailed as failure:
                failed = self._failed(pool, failed)
                repeatable = method.idempotent or call.keyed is not None or not failure.sent
                if not (tries_left and repeatable and self._may_go_on(failed)):
                    raise broken(method, failure) from failure
            except Unavailable:
                failed = self._failed(pool, failed)
                if not (tries_left and method.idempotent and self._budget.spend()):
                    raise
        raise AssertionError("the last try returns or raises")

    def _failed(self, pool: Pool, before: tuple[Pool, ...]) -> tuple[Pool, ...]:
        pool.failed()
        return (*before, pool)

    def _may_go_on(self, failed: tuple[Pool, ...]) -> bool:
        """Whether there is another try: to leave one's own region costs none of the budget."""
        return self._balancer.leaves(failed) or self._budget.spend()

    async def _exchange(self, pool: Pool, method: Method, call: Call, body: bytes) -> bytes:
        """One request and its answer: over the link, or on a connection of its own."""
        link = await pool.link() if len(body) <= BODY_MAX else None
        if link is not None:
            return await self._ask(pool, link, method, call, body)
        channel = pool.reuse() or await pool.take()
        try:
            request = self._request(pool, method, call, body)
            status, _, answer = await channel.exchange(request)
        finally:
            pool.give(channel)
        if status == 200:
            pool.succeeded()
            return answer
        raise read_error(method, status, answer)

    async def _ask(self, pool: Pool, link: Link, method: Method, call: Call, body: bytes) -> bytes:
        pool.load += 1
        try:
            ended = await link.ask(ask_of(method, call, body))
        finally:
            pool.load -= 1
        if isinstance(ended, Answer):
            pool.succeeded()
            return ended.body
        raise read_error(method, ended.status, ended.body)

    def _request(
        self, pool: Pool, method: Method, call: Call, body: bytes, *, streams: bool = False
    ) -> bytes:
        head = pool.heads.get(method)
        if head is None:
            head = request_head(method, pool.address.authority, streams=streams)
            pool.heads[method] = head
        return b"%b%bcontent-length: %d\r\n\r\n%b" % (head, self._lines(call), len(body), body)

    def _bind_stream(
        self, caller: Caller, method: Method, observer: Observer
    ) -> Callable[..., Any]:
        def stream(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
            return items_of(method.write_arguments(method.request_type(*args, **kwargs)))

        async def items_of(body: bytes) -> AsyncGenerator[Any, None]:
            try:
                call, unwatched = caller.begin(method)
            except UnitOpen:
                call, unwatched = await caller.settle_and_begin(method)
            code = Canceled.code
            observer.metrics.in_flight += 1
            try:
                async with aclosing(
                    in_time(call, self._items(method, call, body), watch=unwatched)
                ) as items:
                    async for item in items:
                        yield _read_answer(method, item, observer.metrics)
                code = ""
            except HanseError as error:
                code = error.code
                raise
            finally:
                observer.metrics.in_flight -= 1
                observer.finished(call, code)

        return stream

    async def _channel_for(self, method: Method) -> tuple[Pool, Channel]:
        """A connection for a stream; nothing was sent yet, so whoever takes it may have it."""
        failed: tuple[Pool, ...] = ()
        for tries_left in range(TRIES_MAX - 1, -1, -1):
            pool = self._balancer.choose(failed)
            try:
                return pool, await pool.take()
            except ConnectionFailed as failure:
                failed = self._failed(pool, failed)
                if not (tries_left and self._may_go_on(failed)):
                    raise broken(method, failure) from failure
        raise AssertionError("the last try returns or raises")

    async def _items(self, method: Method, call: Call, body: bytes) -> AsyncGenerator[bytes, None]:
        pool, channel = await self._channel_for(method)
        try:
            request = self._request(pool, method, call, body, streams=True)
            status, _ = await channel.open_stream(request)
            if status != 200:
                answer = b"".join([chunk async for chunk in channel.chunks()])
                raise read_error(method, status, answer)
            async for name, content in read_events(channel.chunks()):
                if name == b"error":
                    raise read_error(method, 500, content)
                if name == b"end":
                    return
                yield content
            raise broken(method, "the stream ended without saying so")
        except (ConnectionFailed, ValueError) as failure:
            pool.failed()
            raise broken(method, failure) from failure
        finally:
            channel.close()
            pool.give(channel)


def _read_answer(method: Method, body: bytes, metrics: MethodMetrics) -> Any:
    try:
        answer = method.read_connect_answer(body)
    except (msgspec.MsgspecError, RecursionError) as error:
        message = f"{method.full_name} gave an answer that its contract does not allow."
        raise Internal(message).because(error) from error
    if not metrics.codes[""] % LOOKED_AT:
        metrics.unknown_fields += unknown_fields(method.connect_message(answer), body)
    return answer
