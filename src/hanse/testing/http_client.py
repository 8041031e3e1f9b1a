"""A tiny HTTP client against a world's open door, so that a test needs to install none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from hanse.kit.fetch import fetch

if TYPE_CHECKING:
    from collections.abc import Mapping

Verb = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

_ABSENT: Any = object()


class Answer(msgspec.Struct, frozen=True):
    """What came back.

    Attributes:
        status: HTTP status.
        headers: By lower-case name.
        body: As it came.
    """

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def json(self) -> Any:
        """The body read as JSON; None where there is none."""
        return msgspec.json.decode(self.body) if self.body else None


class HttpClient:
    """Asks one server; each request has a connection of its own.

    Args:
        url: Its address, like `http://127.0.0.1:8000`.
        headers: Sent with every request.
    """

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        self._url = url
        self._headers = dict(headers or {})

    async def request(
        self,
        verb: Verb,
        path: str,
        json: Any = _ABSENT,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request and its whole answer, within ten seconds.

        Args:
            verb: The HTTP method.
            path: With the query, if there is one.
            json: The body, written as JSON; bytes go as they are. Left out, there is none.
            headers: Besides the client's own.

        Raises:
            ConnectionFailed: Nobody answered.
        """
        given = {**self._headers, **(headers or {})}
        body = b""
        if json is not _ABSENT:
            body = json if isinstance(json, bytes) else msgspec.json.encode(json)
            given = {"content-type": "application/json", **given}
        return Answer(*await fetch(self._url + path, verb=verb, headers=given, body=body))

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """`GET path`."""
        return await self.request("GET", path, headers=headers)

    async def post(self, path: str, json: Any, headers: Mapping[str, str] | None = None) -> Answer:
        """`POST path` with a body."""
        return await self.request("POST", path, json, headers)
