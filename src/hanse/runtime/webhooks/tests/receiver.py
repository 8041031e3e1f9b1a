"""Somebody else's server: takes webhooks over HTTP, and answers as it is told."""

import asyncio
import json
import os
import ssl
from typing import Any, NamedTuple, Self

PATIENCE = float(os.environ.get("PATIENCE", "30"))


class Taken(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        return self.json["data"]


class Receiver:
    """Listens on a port of its own.

    Attributes:
        taken: What came, in order.
        answers: Statuses for what comes, one each; 204 where there are none left.
        of: Statuses by boat, for all that comes of it.
        head: Lines of the answers.
        held: Until it is set nothing is answered; None where nothing is held.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._came = asyncio.Condition()
        self.taken: list[Taken] = []
        self.answers: list[int] = []
        self.of: dict[str, int] = {}
        self.head = ""
        self.held: asyncio.Event | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks?of=yard"

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(one.data["boat"], one.data["to"]) for one in self.taken]

    async def until(self, number: int) -> None:
        """Waits until so many came."""
        async with asyncio.timeout(PATIENCE), self._came:
            await self._came.wait_for(lambda: len(self.taken) >= number)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.split(": ", 1) for line in head[1:] if line)
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            async with self._came:
                self.taken.append(Taken(head[0].split()[1], headers, body))
                self._came.notify_all()
            if self.held is not None:
                await self.held.wait()
            status = self._status(body)
            writer.write(f"HTTP/1.1 {status} So\r\n{self.head}content-length: 0\r\n\r\n".encode())
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _status(self, body: bytes) -> int:
        boat = json.loads(body).get("data", {}).get("boat", "")
        if boat in self.of:
            return self.of[boat]
        return self.answers.pop(0) if self.answers else 204
