"""What hosts say to each other on a link: frames in MessagePack, each behind its length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from hanse.runtime.call.context import Origin
from hanse.runtime.telemetry.trace_context import STATE_LENGTH_LIMIT

if TYPE_CHECKING:
    import asyncio

LINK_PATH = "/hanse.link"
LINK_PROTOCOL = b"hanse-link"
"""A link begins as an HTTP/1.1 request to upgrade (RFC 9110, 7.8), so no door is made for it."""

BODY_MAX = 256 * 1024
"""Bytes of a request that still go over a link; larger ones would hold up the others there."""

_LENGTH = 4


class Ask(msgspec.Struct, array_like=True, tag=1):
    """A call: whose it is, its trace, what is left of its time, its arguments as JSON, its key."""

    id: int
    method: str
    origin: Origin
    trace_id: Annotated[str, Meta(min_length=32, max_length=32)]
    span_id: Annotated[str, Meta(min_length=16, max_length=16)]
    sampled: bool
    trace_state: Annotated[str, Meta(max_length=STATE_LENGTH_LIMIT)]
    timeout_ns: int
    body: bytes
    key: str = ""


class Stop(msgspec.Struct, array_like=True, tag=2):
    """Nobody waits for this answer any more."""

    id: int


class Answer(msgspec.Struct, array_like=True, tag=3):
    """What a call gave, as JSON."""

    id: int
    body: bytes


class Failure(msgspec.Struct, array_like=True, tag=4):
    """How a call failed: an HTTP status and a Connect error."""

    id: int
    status: int
    body: bytes


class Farewell(msgspec.Struct, array_like=True, tag=5):
    """No further calls, please; those under way are answered, then the caller closes."""


Frame = Ask | Stop | Answer | Failure | Farewell

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Frame).decode


class FrameReader:
    """Takes frames out of what comes in.

    Args:
        limit: Bytes of one frame at most.
    """

    __slots__ = ("_limit", "_rest", "_wanted")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = bytearray()
        self._wanted = 0

    @property
    def partial(self) -> bool:
        """Whether the beginning of a frame waits for its end."""
        return bool(self._rest)

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are complete now.

        Raises:
            ValueError: One is over the limit, or no frame.
        """
        if self._rest:
            self._rest += data
            if len(self._rest) < self._wanted:
                return []
            data = bytes(self._rest)
            self._rest.clear()
        return self._split(data)

    def _split(self, data: bytes) -> list[Frame]:
        frames: list[Frame] = []
        start, end = 0, len(data)
        self._wanted = _LENGTH
        while end - start >= _LENGTH:
            body = start + _LENGTH
            size = int.from_bytes(data[start:body], "big")
            if size > self._limit:
                raise ValueError(f"a frame of {size} bytes; {self._limit} at most")
            if end - body < size:
                self._wanted = size + _LENGTH
                break
            start = body + size
            frames.append(_decoded(data[body:start]))
        if start < end:
            self._rest += data[start:]
        return frames


def _decoded(body: bytes) -> Frame:
    try:
        return _decode(body)
    except msgspec.MsgspecError as error:
        raise ValueError(f"what is no frame: {error}") from None


class FrameWriter:
    """Sends frames, those of one round of the loop together: to write is what costs most."""

    __slots__ = ("_loop", "_parts", "_transport")

    def __init__(self, loop: asyncio.AbstractEventLoop, transport: asyncio.Transport) -> None:
        self._loop = loop
        self._transport = transport
        self._parts: list[bytes] = []

    def send(self, frame: Frame) -> None:
        parts = self._parts
        if not parts:
            self._loop.call_soon(self._flush)
        body = _encode(frame)
        parts.append(len(body).to_bytes(_LENGTH, "big"))
        parts.append(body)

    def _flush(self) -> None:
        parts, self._parts = self._parts, []
        if not self._transport.is_closing():
            self._transport.write(b"".join(parts))
