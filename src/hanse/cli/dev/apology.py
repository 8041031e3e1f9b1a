"""Answers every request with 503 while a project cannot be loaded: nobody waits for nothing."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import suppress

HEAD_SECONDS = 5.0
BODY_SECONDS = 1.0


class Apology:
    """Answers on a listening socket as long as it is open; the socket itself stays as it is."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._server: asyncio.Server | None = None
        self._body = b""

    async def begin(self, problems: list[str]) -> None:
        """Answers with these problems from now on. They go to whoever develops, on this machine."""
        said = {
            "type": "about:blank",
            "title": "This project cannot be loaded",
            "status": 503,
            "code": "unavailable",
            "detail": "\n".join(problems),
        }
        self._body = json.dumps(said, ensure_ascii=False).encode() + b"\n"
        if self._server is None:
            self._server = await asyncio.start_server(self._answer, sock=self._listener.dup())

    async def end(self) -> None:
        """Leaves the socket to others."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(
            OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError
        ):
            async with asyncio.timeout(HEAD_SECONDS):
                await reader.readuntil(b"\r\n\r\n")
            writer.write(
                b"HTTP/1.1 503 Service Unavailable\r\n"
                b"content-type: application/problem+json\r\nretry-after: 1\r\n"
                b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(self._body), self._body)
            )
            writer.write_eof()
            # Closing with something unread would take the answer back.
            async with asyncio.timeout(BODY_SECONDS):
                while await reader.read(65_536):
                    pass
        writer.close()
