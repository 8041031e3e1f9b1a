"""One HTTP request: as the bytes that wrk sends, or sent here and read."""

from __future__ import annotations

import http.client
import secrets
from typing import Any

import msgspec


class Request(msgspec.Struct, frozen=True):
    """What is asked. An empty token is none."""

    method: str
    path: str
    token: str
    body: bytes = b""

    def headers(self) -> dict[str, str]:
        """All but what the connection adds."""
        found = {"traceparent": f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"}
        if self.token:
            found["Authorization"] = f"Bearer {self.token}"
        if self.body:
            found["Content-Type"] = "application/json"
            found["Content-Length"] = str(len(self.body))
        return found

    def raw(self) -> bytes:
        """The whole request."""
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: 127.0.0.1"]
        lines += [f"{name}: {value}" for name, value in self.headers().items()]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


class Answer(msgspec.Struct, frozen=True):
    """What came back."""

    status: int
    body: bytes

    def json(self) -> Any:
        """The body read; what is no JSON is None, and so equal to nothing that is expected."""
        try:
            return msgspec.json.decode(self.body)
        except msgspec.DecodeError:
            return None


class Caller:
    """A kept connection to a server."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def ask(self, request: Request) -> Answer:
        """Send it and wait."""
        self._connection.request(
            request.method, request.path, request.body or None, request.headers()
        )
        response = self._connection.getresponse()
        return Answer(response.status, response.read())

    def close(self) -> None:
        self._connection.close()
