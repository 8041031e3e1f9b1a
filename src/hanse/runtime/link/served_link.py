"""One link with a host that calls: its calls run side by side, and end with it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol

from hanse.kit.http import ANSWER_BYTES_MAX
from hanse.runtime.call.leaving import leave
from hanse.runtime.errors import HanseError, Internal, Unimplemented
from hanse.runtime.http.connections import Patience
from hanse.runtime.http.refusal import BodyTooLarge
from hanse.runtime.http.start import start_task
from hanse.runtime.remote.frames import (
    BODY_MAX,
    Answer,
    Ask,
    Failure,
    Farewell,
    FrameReader,
    FrameWriter,
    Stop,
)
from hanse.runtime.remote.wire import error_body

if TYPE_CHECKING:
    from hanse.runtime.call.admission import Limits
    from hanse.runtime.call.deadline import Deadlines
    from hanse.runtime.call.endpoint import Endpoint
    from hanse.runtime.http.connections import Connections
    from hanse.runtime.remote.frames import Frame
    from hanse.runtime.server.door import Door

log = logging.getLogger("hanse.link")

ANSWER_MAX = ANSWER_BYTES_MAX - 1024

FRAME_MAX = BODY_MAX + 64 * 1024
"""A request and what stands around it."""


class LinkHost(Protocol):
    """What a link needs of the host it leads to."""

    limits: Limits
    connections: Connections
    deadlines: Deadlines
    draining: bool


class ServedLink(asyncio.Protocol):
    """Runs the calls of one peer, which is trusted: links begin at trusted doors only."""

    __slots__ = (
        "_door", "_endpoints", "_host", "_loop", "_parting", "_patience", "_reader", "_steps",
        "_tasks", "_transport", "_writer",
    )  # fmt: skip

    def __init__(
        self,
        host: LinkHost,
        endpoints: dict[str, Endpoint],
        door: Door,
        transport: asyncio.Transport,
    ) -> None:
        self._host = host
        self._endpoints = endpoints
        self._door = door
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._reader = FrameReader(FRAME_MAX)
        self._writer = FrameWriter(self._loop, transport)
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._patience = Patience()
        self._steps = 0
        self._parting = False
        host.connections.add(self)
        if host.draining:
            self.drain()

    # asyncio calls these.

    def data_received(self, data: bytes) -> None:
        self._steps += 1
        try:
            for frame in self._reader.feed(data):
                self._hear(frame)
        except ValueError as error:
            log.warning("a link is ended: its peer sent %s", error)
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._host.connections.discard(self)
        for task in self._tasks.values():
            leave(task, self._host.deadlines)

    def pause_writing(self) -> None:
        """Who does not take answers is not asked for more calls."""
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._steps += 1
        self._transport.resume_reading()

    # The host calls these.

    def abort(self) -> list[asyncio.Task[None]]:
        """Ends the link at once; the tasks that are cancelled by that."""
        self._transport.abort()
        return list(self._tasks.values())

    def drain(self) -> None:
        """Asks the peer for no further calls; it closes when the last is answered."""
        if not self._parting:
            self._parting = True
            self._steps += 1  # the peer has time to close
            self._writer.send(Farewell())

    def look(self, now: float) -> None:
        """Parts from a peer that is idle, ends one that is stuck; called a few times a second."""
        held, partial = self._transport.get_write_buffer_size(), self._reader.partial
        spent = self._patience.still_for((self._steps, held, len(self._tasks)), now)
        limits = self._host.limits
        if (held and spent > limits.write_timeout) or (partial and spent > limits.body_timeout):
            self.abort()
        elif not self._tasks and spent > limits.idle_timeout:
            if self._parting:
                self.abort()
            self.drain()

    # What the peer says.

    def _hear(self, frame: Frame) -> None:
        if isinstance(frame, Ask):
            self._start(frame)
        elif isinstance(frame, Stop):
            # Taken out here: a task that has not begun yet never runs to do it itself.
            leave(self._tasks.pop(frame.id, None), self._host.deadlines)
        else:
            raise ValueError("a frame that only hosts send")  # noqa: TRY004 - as other bad ones

    def _start(self, ask: Ask) -> None:
        if ask.id in self._tasks:
            raise ValueError(f"a second call with the number {ask.id}")
        endpoint = self._endpoints.get(ask.method)
        if endpoint is None or endpoint.method.signature.streams:
            self._fail(ask, Unimplemented("There is no such method here."))
            return
        task = start_task(self._run(ask, endpoint), loop=self._loop)
        if not task.done():
            self._tasks[ask.id] = task

    async def _run(self, ask: Ask, endpoint: Endpoint) -> None:
        door, method = self._door, endpoint.method
        try:
            if len(ask.body) > method.max_body:
                raise BodyTooLarge.over(method.max_body)
            call = door.join(ask, method, self._tasks.get(ask.id))
        except HanseError as error:
            self._tasks.pop(ask.id, None)
            endpoint.refused(error, ask.origin)
            self._fail(ask, error)
            return
        try:
            body = await endpoint.run(
                call, endpoint.read_tolerantly, ask.body, method.checked_connect_answer
            )
        except HanseError as error:
            self._fail(ask, error)
        else:
            self._answer(ask, body)
        finally:
            door.close(call)
            self._tasks.pop(ask.id, None)

    def _answer(self, ask: Ask, body: bytes) -> None:
        if len(body) > ANSWER_MAX:  # which the peer would take for no frame, and part
            self._fail(ask, Internal(f"{ask.method} answers with more than {ANSWER_MAX} bytes."))
        else:
            self._writer.send(Answer(ask.id, body))

    def _fail(self, ask: Ask, error: HanseError) -> None:
        self._writer.send(Failure(ask.id, error.status, error_body(error)))
