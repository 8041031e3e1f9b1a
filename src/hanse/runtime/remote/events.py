"""Server-sent events, written and read (WHATWG HTML, "Server-sent events")."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

EVENT_BYTES_MAX = 8 * 1024 * 1024


def event(content: bytes, name: str = "") -> bytes:
    """One event; `content` is JSON, which has no line breaks."""
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + content + b"\n\n"


async def read_events(chunks: AsyncIterator[bytes]) -> AsyncIterator[tuple[bytes, bytes]]:
    """Name and data of each event; comments and other fields are passed over.

    Raises:
        ValueError: An event is larger than 8 MiB.
    """
    rest = b""
    async for chunk in chunks:
        rest += chunk
        *blocks, rest = rest.split(b"\n\n")
        if len(rest) > EVENT_BYTES_MAX:
            raise ValueError(f"an event is over {EVENT_BYTES_MAX} bytes")
        for block in blocks:
            fields = dict(_field(line) for line in block.split(b"\n"))
            if b"data" in fields or b"event" in fields:
                yield fields.get(b"event", b""), fields.get(b"data", b"")


def _field(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b":")
    return name, value.removeprefix(b" ")
