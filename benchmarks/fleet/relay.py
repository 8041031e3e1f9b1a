"""Stands between Envoy and its control plane, and counts the bytes Envoy is told."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

CHUNK_BYTES = 256 * 1024


class Relay:
    """Passes on every byte between two Unix sockets.

    Attributes:
        told: Bytes the control plane has sent so far, HTTP/2 frames and all.
    """

    def __init__(self, outer: Path, inner: Path) -> None:
        self.told = 0
        self._outer = outer
        self._inner = inner
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listens where Envoy asks."""
        self._server = await asyncio.start_unix_server(self._join, self._outer)

    async def stop(self) -> None:
        """Takes no more connections; those open end with their ends."""
        if self._server is not None:
            self._server.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_unix_connection(self._inner)
        with contextlib.suppress(ConnectionError):
            await asyncio.gather(
                self._pass(reader, inner_writer, counts=False),
                self._pass(inner_reader, writer, counts=True),
            )

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counts: bool
    ) -> None:
        try:
            while chunk := await reader.read(CHUNK_BYTES):
                self.told += len(chunk) if counts else 0
                writer.write(chunk)
                await writer.drain()
        finally:
            writer.close()
