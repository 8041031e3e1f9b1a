"""A client that sends bytes as they are and reads answers strictly: what is no answer fails the test."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import suppress
from dataclasses import dataclass, field

PATIENCE = float(os.environ.get("PATIENCE", "10"))
"""Seconds after which a test gives up waiting for something that should have come at once."""

LINE_MAX = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """One response. `whole` is false when the connection ended inside it."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    whole: bool = True

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return self.json["code"]


class Peer:
    """One raw connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def tcp(cls, host, **options) -> Peer:
        port = host.url.rpartition(":")[2]
        return cls(
            *await asyncio.open_connection("127.0.0.1", int(port), limit=LINE_MAX, **options)
        )

    @classmethod
    async def unix(cls, path) -> Peer:
        return cls(*await asyncio.open_unix_connection(str(path), limit=LINE_MAX))

    def write(self, sent: bytes) -> None:
        """Hands over bytes without waiting until they are gone."""
        self.writer.write(sent)

    async def send(self, sent: bytes) -> None:
        with suppress(ConnectionError):
            self.writer.write(sent)
            await self.writer.drain()

    async def ask(self, sent: bytes, *, verb: bytes = b"") -> Answer:
        """Sends a request and reads its answer."""
        await self.send(sent)
        return await self.answer(head=(verb or sent[:4]) == b"HEAD")

    async def answer(self, *, head: bool = False) -> Answer:
        """The next response; fails when the connection ends before it."""
        found = await asyncio.wait_for(self._read(head=head), PATIENCE)
        assert found is not None, "the connection ended without an answer"
        return found

    async def answers(self) -> list[Answer]:
        """All responses until the server ends the connection, which it has to."""
        found = []
        while (one := await asyncio.wait_for(self._read(head=False), PATIENCE)) is not None:
            found.append(one)
        return found

    async def closed(self) -> bytes:
        """Waits until the server ends the connection; what came before."""
        with suppress(ConnectionError):
            return await asyncio.wait_for(self.reader.read(-1), PATIENCE)
        return b""

    def finish(self) -> None:
        """Says that nothing more will be sent."""
        self.writer.write_eof()

    async def close(self) -> None:
        self.writer.close()
        with suppress(ConnectionError, TimeoutError):
            await self.writer.wait_closed()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _read(self, *, head: bool) -> Answer | None:
        try:
            line = await self.reader.readline()
        except ConnectionError:
            return None
        if not line:
            return None
        version, status, _ = line.decode().split(" ", 2)
        assert version == "HTTP/1.1", line
        assert line.endswith(b"\r\n"), line
        headers = await self._headers()
        answer = Answer(int(status), headers)
        if head or answer.status in {204, 304} or answer.status < 200:
            return answer
        body, whole = await self._body(headers)
        return Answer(answer.status, headers, body, whole)

    async def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        while (line := await self.reader.readline()) != b"\r\n":
            assert line.endswith(b"\r\n"), line
            name, colon, value = line.decode("latin-1").rstrip("\r\n").partition(": ")
            assert colon, line
            assert name == name.lower(), name
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return headers

    async def _body(self, headers: dict[str, str]) -> tuple[bytes, bool]:
        if "content-length" in headers:
            assert "transfer-encoding" not in headers
            return await self._exactly(int(headers["content-length"]))
        if headers.get("transfer-encoding") == "chunked":
            return await self._chunks()
        assert headers.get("connection") == "close", headers
        return await self.reader.read(-1), True

    async def _exactly(self, size: int) -> tuple[bytes, bool]:
        try:
            return await self.reader.readexactly(size), True
        except asyncio.IncompleteReadError as short:
            return short.partial, False
        except ConnectionError:
            return b"", False

    async def _chunks(self) -> tuple[bytes, bool]:
        parts = []
        while True:
            with suppress(ConnectionError):
                line = await self.reader.readline()
            if not line:
                return b"".join(parts), False
            size = int(line, 16)
            part, whole = await self._exactly(size + 2)
            assert part.endswith(b"\r\n") or not whole
            if size == 0 or not whole:
                return b"".join(parts), whole
            parts.append(part[:-2])


def get(path: str, *headers: str, verb: str = "GET") -> bytes:
    """A request without a body."""
    lines = "".join(f"{line}\r\n" for line in headers)
    return f"{verb} {path} HTTP/1.1\r\nHost: desk\r\n{lines}\r\n".encode()


def post(path: str, body: object, *headers: str, verb: str = "POST") -> bytes:
    """A request with JSON, or with exactly the bytes that were given."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = () if any(line.lower().startswith("content-type") for line in headers) else (JSON,)
    lines = (*kind, *headers, f"Content-Length: {len(content)}")
    return get(path, *lines, verb=verb) + content


JSON = "Content-Type: application/json"


def connect(method: str, body: object, *headers: str) -> bytes:
    """A Connect unary request."""
    return post(f"/desk.v1.Desk/{method}", body, "Connect-Protocol-Version: 1", *headers)
