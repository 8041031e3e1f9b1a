"""One HTTP/1.1 connection: requests in, responses out, in order, within limits."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing, suppress
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, cast

import httptools

from hanse.runtime.call.leaving import leave
from hanse.runtime.errors import HanseError, Internal
from hanse.runtime.http.connections import Patience, Waiting, idle_seconds
from hanse.runtime.http.encode import bodiless, framed, head_of_stream, whole
from hanse.runtime.http.message import Request
from hanse.runtime.http.negotiate import COMPRESS_BYTES_MIN
from hanse.runtime.http.problem import problem
from hanse.runtime.http.refusal import TooSlow
from hanse.runtime.http.request_reader import RequestReader
from hanse.runtime.http.start import start_soon, start_task

if TYPE_CHECKING:
    from hanse.runtime.http.message import Response
    from hanse.runtime.http.server import Server
    from hanse.runtime.http.start import Start

log = logging.getLogger("hanse.http")

IDLE, READ, RUN, WRITE, CLOSE, LINGER = range(6)
"""What a connection waits for: a request, the rest of it, its answer, a slow reader; that the last
bytes are taken; that the peer has seen the last answer and closes."""

LINGER_SECONDS = 2.0  # for a peer that has been sent the last answer to close


class Connection(asyncio.Protocol):
    """Parses, queues and answers the requests of one peer.

    At most one request runs at a time; those sent ahead wait their turn, up to a bound beyond which
    the peer is not read. The host's sweep calls `look` to find peers that are too slow: so no
    request sets a timer, or even asks for the time.
    """

    __slots__ = (
        "_burst", "_context", "_loop", "_patience", "_server", "_steps", "_task",
        "_transport", "_waiting", "_writable", "closing", "deaf", "phase", "reader",
    )  # fmt: skip

    def __init__(self, server: Server, *, trusted: bool, gate: bool = False) -> None:
        self._server = server
        self.reader = RequestReader(server, self._take, trusted=trusted, gate=gate)
        # Kept: to ask for the running loop asks the kernel for the process id (CPython 3.11).
        self._loop = asyncio.get_running_loop()
        self._transport = cast("asyncio.Transport", None)
        self._waiting = Waiting(server.limits.pipelined, server.room)
        # Copied for each request: what a handler leaves in its own is not for those behind it.
        self._context = copy_context()
        self._burst = 0
        self._task: asyncio.Task[None] | None = None
        self._writable: asyncio.Event | None = None
        self._steps = 0
        self._patience = Patience()
        self.closing = self.deaf = False
        self.phase = IDLE

    # asyncio calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do not inherit from asyncio's, they only behave like them.
        self._transport = cast("asyncio.Transport", transport)
        self.reader.read_from(self._transport)
        self._server.connections.add(self)
        if len(self._server.connections) > self._server.limits.connections:
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._server.connections.discard(self)
        self._stop_after_this()
        self.reader.drop()
        if self._writable is not None:
            self._writable.set()
        leave(self._task, self._server.deadlines)

    def data_received(self, data: bytes) -> None:
        if self.deaf:
            return
        if self.phase == IDLE:
            self.phase = READ
        self._burst = 0
        try:
            self.reader.feed(data)
        except HanseError as error:
            if not self.deaf:  # else it came behind the last request, whose answer is on its way
                self._refuse(error)
        except httptools.HttpParserUpgrade:
            # Answered as if the request had not asked (RFC 9110, 7.8); what follows is not ours.
            self.deaf = True
            if self._task is None and not self._waiting and not self.closing:
                self._close()
            self.closing = True
        if not self.deaf and self._task is None and not self._waiting:
            self.reader.keep_promise()
            if self.phase == IDLE and self.reader.url:
                self.phase = READ

    def eof_received(self) -> bool:
        """A peer that stops sending has gone: HTTP allows it to read on, but who could tell?"""
        return False

    def pause_writing(self) -> None:
        self._writable = asyncio.Event()
        self.phase = WRITE

    def resume_writing(self) -> None:
        if self._writable is not None:
            self._writable.set()
            self._writable = None
        self._steps += 1  # a reader that is slow but reads makes headway
        if self.phase == WRITE:
            self.phase = RUN
            if self._task is None:
                self._go_on()

    def _take(self, request: Request) -> None:
        """Starts a request that is complete, or has it wait for those before it."""
        if self.deaf:  # behind the last request of the connection: it was never asked
            self._server.room.give(request.held)
        elif self._task is None and not self._waiting and self._writable is None:
            self._burst += 1
            at_once = self._burst <= self._server.limits.pipelined
            self._start(request, start_task if at_once else start_soon)
        else:
            self._waiting.put(request)
            if self._waiting.full:
                self._transport.pause_reading()

    def _refuse(self, error: HanseError) -> None:
        """Answers what cannot be understood, after what was asked before it, and closes."""
        self.deaf = True
        self.reader.drop(error)
        if self.reader.stream is not None:  # whoever reads the body is told, and answers
            self.closing = True
        elif self._task is None and not self._waiting:
            self._refuse_now(error)
        else:
            self._waiting.put(error)

    def _refuse_now(self, error: HanseError) -> None:
        self._write(problem(error), None)
        self._part()

    def _start(self, request: Request, start: Start) -> None:
        self.phase = RUN
        self._steps += 1
        task = start(self._serve(request), loop=self._loop)
        if request.held:
            task.add_done_callback(lambda _: self._server.room.give(request.held))
        if not task.done():  # a task that began at once may also have ended, and begun the next
            self._task = request.task = task

    async def _serve(self, request: Request) -> None:
        try:
            try:
                response = await request.resource.serve(request)
            except HanseError as error:
                response = problem(error)
            if not request.plain or len(response.body) >= COMPRESS_BYTES_MIN:
                response = await self._server.finish(request, response)
            if response.takeover is not None:
                self._hand_over(response)
            elif response.stream is None:
                self._write(response, request)
            else:
                await self._write_stream(response, request)
        except asyncio.CancelledError:
            self._close()
            raise
        except Exception:
            log.exception("answering %r failed", request.path)
            self._write(problem(Internal()), None)
            self._close()
        finally:
            self._task = None
        self._go_on()

    def _go_on(self) -> None:
        """Turns to what waits; where nothing does and nothing more may come, closes."""
        if self._waiting:
            # A peer that does not take what it got is given no more: answers would pile up here.
            if self._writable is None:
                self._next()
        elif self.closing and self.phase != CLOSE:
            self._part()
        elif self.phase == RUN:
            self.phase = READ if self.reader.url else IDLE
            self.reader.keep_promise()

    def _next(self) -> None:
        request = self._waiting.next()
        if isinstance(request, HanseError):
            return self._refuse_now(request)
        if not self.deaf:
            self._transport.resume_reading()
        # In a round of its own: a thousand that wait must not end up on one stack.
        return self._start(request, partial(start_soon, context=self._context.copy()))

    def _write(self, response: Response, request: Request | None) -> None:
        if self._transport.is_closing():
            return
        close = request is None or self._is_last(request)
        encode = bodiless if request is not None and request.verb == b"HEAD" else whole
        self._transport.write(encode(response, self._server, close=close))
        if close:
            self._stop_after_this()

    def _hand_over(self, response: Response) -> None:
        """Leaves the transport to another protocol, with what the peer asked for as its first."""
        self._transport.write(bodiless(response, self._server, close=False))
        self._server.connections.discard(self)
        self._stop_after_this()
        self.reader.drop()
        self.phase = CLOSE
        self._transport.set_protocol(response.takeover(self._transport))

    async def _write_stream(self, response: Response, request: Request) -> None:
        """Sends parts as they come, and waits for a peer that reads slowly."""
        close = self._is_last(request)
        self._transport.write(head_of_stream(response, request, self._server.date, close=close))
        try:
            async with aclosing(framed(response, request)) as parts:
                async for part in parts:
                    self._transport.write(part)
                    if self._writable is not None:
                        await self._writable.wait()
        except Exception:
            log.exception("answering %r broke off", request.path)
            self._stop_after_this()
            self.abort()  # the one way to say so after the head has gone
        if close:
            self._stop_after_this()

    def _is_last(self, request: Request) -> bool:
        """Whether the connection ends with this answer; what came before a drain is answered."""
        return not request.lasts or (self._server.draining and not self._waiting)

    def _stop_after_this(self) -> None:
        """Whatever the peer sent after a request that ends the connection was never asked."""
        self.closing = self.deaf = True
        self._waiting.clear()

    def _part(self) -> None:
        """Says no more, and lets the peer close first.

        If we did while it still sends, TCP would reset the connection and the last answer be lost
        with it (RFC 9112, 9.6).
        """
        self.closing = self.deaf = True
        if self._transport.is_closing() or not self._transport.can_write_eof():
            self._close()
        else:
            self.phase = LINGER
            self._transport.resume_reading()  # else what it still sends keeps it from our answer
            with suppress(OSError):  # the peer may be gone, which asyncio's own transport raises
                self._transport.write_eof()

    def _close(self) -> None:
        self.closing = self.deaf = True
        self.phase = CLOSE
        self._transport.close()

    # The host calls these.

    def abort(self) -> list[asyncio.Task[None]]:
        """Ends the connection at once; the task that is cancelled by that, if one runs."""
        self._transport.abort()
        return [] if self._task is None else [self._task]

    def drain(self) -> None:
        """Closes as soon as nothing is under way."""
        self.closing = True
        if self.phase == IDLE and self._steps:  # a fresh one may have asked: see `look`
            self._close()

    def look(self, now: float) -> None:
        """Ends the connection if its peer has been too slow; called a few times a second."""
        phase, limits, reader = self.phase, self._server.limits, self.reader
        held = self._transport.get_write_buffer_size() if phase >= WRITE else 0
        spent = self._patience.still_for((self._steps, phase, held, reader.progress), now)
        if phase == IDLE and spent > idle_seconds(self._server, fresh=not self._steps):
            self._close()
        elif phase == READ and not reader.in_body and spent > limits.header_timeout:
            self._refuse(TooSlow("The headers took too long."))
        elif (phase == READ or reader.stream) and reader.starving and spent > limits.body_timeout:
            self._refuse(TooSlow("The body took too long."))
        elif phase >= WRITE and spent > (limits.write_timeout if held else LINGER_SECONDS):
            self.abort()
