"""A way to a server that can be cut, or hold everything back and tell nobody."""

import asyncio
from contextlib import suppress
from typing import Self

from hanse.kit.ending import end

HOST = "127.0.0.1"


class Forwarder:
    """Passes on what comes to a port of its own.

    Attributes:
        port: Its own.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._is_cut = False
        self._passes = asyncio.Event()
        self._passes.set()
        self._connections: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._begin, HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await end(self._connections)

    def cut(self) -> None:
        """Breaks what goes through, and whoever comes is sent away."""
        self._is_cut = True
        for one in self._connections:
            one.cancel()

    def hold_back(self) -> None:
        """Passes nothing on and breaks nothing, as a network that has lost its middle."""
        self._passes.clear()

    def mend(self) -> None:
        """Passes on again, also what it has held back."""
        self._is_cut = False
        self._passes.set()

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not self._is_cut:
                await self._connect(reader, writer)
        finally:
            writer.transport.abort()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection(HOST, self._target)
        both = self._pass(reader, to_server), self._pass(from_server, writer)
        ways = [asyncio.create_task(one) for one in both]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end(ways)
            to_server.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                await self._passes.wait()
                writer.write(data)
                await writer.drain()
