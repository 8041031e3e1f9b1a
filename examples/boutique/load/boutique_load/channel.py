"""One keep-alive connection of HTTP/1.1, with one request on it at a time."""

from __future__ import annotations

import asyncio
import ssl
from typing import NamedTuple, cast
from urllib.parse import urlsplit

import httptools

ANSWER_BYTES_MAX = 4 * 1024 * 1024
"""No page of the shop is a hundredth as large."""


class Broken(Exception):
    """No whole answer came: the connection broke, or it took too long."""


class Answer(NamedTuple):
    """What came back; `headers` by lower-case name, cookies apart as there may be several."""

    status: int
    headers: dict[bytes, bytes]
    cookies: list[bytes]
    body: bytes


class Shop(NamedTuple):
    """Where the shop is.

    Attributes:
        host: Name or address.
        port: Number.
        tls: How its certificate is checked; None for plain HTTP.
    """

    host: str
    port: int
    tls: ssl.SSLContext | None = None

    @property
    def authority(self) -> str:
        """As the header `Host` says it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


def shop_at(url: str, ca_file: str | None = None) -> Shop:
    """Reads an address like `http://127.0.0.1:8080`.

    Raises:
        ValueError: It is none.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"}:
        raise ValueError(f"{url!r} is no address of a shop; write it like http://127.0.0.1:8080")
    secure = parts.scheme == "https"
    tls = ssl.create_default_context(cafile=ca_file) if secure else None
    return Shop(parts.hostname, parts.port or (443 if secure else 80), tls)


class Channel(asyncio.Protocol):
    """Sends a request and waits for the whole answer."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport = cast("asyncio.Transport", None)
        self._waiter: asyncio.Future[Answer] | None = None
        self.closed = False
        self._begin()

    async def exchange(self, request: bytes) -> Answer:
        """Sends a request; `Broken` if no whole answer comes."""
        if self.closed:
            raise Broken("the connection is closed")
        self._begin()
        self._waiter = self._loop.create_future()
        self._transport.write(request)
        return await self._waiter

    def close(self) -> None:
        """Gives up; who waits is told."""
        self._break_off("it was given up")

    def _begin(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[bytes, bytes] = {}
        self._cookies: list[bytes] = []
        self._body: list[bytes] = []
        self._size = 0

    def _break_off(self, why: str) -> None:
        self.closed = True
        self._transport.abort()
        self._give_up(why)

    def _give_up(self, why: str) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(Broken(why))

    # asyncio calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do not inherit from asyncio's, they only behave like them.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > ANSWER_BYTES_MAX:
            self._break_off("an answer larger than any page")
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._break_off(f"no answer of HTTP: {error}")

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self._give_up(f"the connection broke: {exc or 'it was closed'}")

    # httptools calls these.

    def on_header(self, name: bytes, value: bytes) -> None:
        if (lower := name.lower()) == b"set-cookie":
            self._cookies.append(value)
        else:
            self._headers[lower] = value

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        if self._waiter is None or self._waiter.done():
            self.close()  # an answer that nobody asked for must not meet the next request
            return
        parser = self._parser
        if not parser.should_keep_alive():
            self.closed = True
            self._transport.close()
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        answer = Answer(parser.get_status_code(), self._headers, self._cookies, body)
        self._waiter.set_result(answer)


async def connect(shop: Shop) -> Channel:
    """Opens a connection; `Broken` if nobody answers there."""
    loop = asyncio.get_running_loop()
    try:
        _, channel = await loop.create_connection(Channel, shop.host, shop.port, ssl=shop.tls)
    except OSError as error:
        raise Broken(f"nobody answers: {error}") from error
    return channel
