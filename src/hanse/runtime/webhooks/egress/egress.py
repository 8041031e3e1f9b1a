"""Sends one request to where somebody else wants it, and never to what is inside."""

from __future__ import annotations

import asyncio
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import TYPE_CHECKING

import msgspec

from hanse.kit.http import Address, Channel, ConnectionFailed, connect

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from hanse.runtime.webhooks.egress.reach import Reach
    from hanse.runtime.webhooks.egress.target import Target

    Resolve = Callable[[str, int], Awaitable[tuple[str, ...]]]

SECONDS = 15.0
"""For looking up, connecting, sending and the answer together."""

CONNECT_SECONDS = 5.0
"""For each address of a host."""

ADDRESSES_MAX = 4
"""Of one host, that are tried in turn."""

ANSWER_MAX = 64 * 1024
"""Bytes of an answer with its head. Nobody reads more of it than its status."""

LOOKUPS = 8
"""At once: names that are slow to look up hold up one another, and nothing else of the host."""

NOWHERE = "The host has no address that may be reached."
"""Of a name that is not there and of one inside the same: nobody is to learn which names are."""


class Answer(msgspec.Struct, frozen=True):
    """What came of a request.

    Attributes:
        status: As it was answered; 0 if it was not.
        failure: Why not, in a sentence.
        retry_after: Seconds it asks to be left alone; 0 if it does not.
    """

    status: int
    failure: str = ""
    retry_after: int = 0


class Egress:
    """Sends requests to public addresses.

    A name is looked up once, each of its addresses has to be public, and what is connected to is
    one of these by its number: a name that changes meanwhile changes nothing. Redirects are not
    followed, proxies not asked, certificates checked.

    Args:
        reach: What may be reached.
        resolve: Looks up a host; the system's way if left out.
    """

    def __init__(self, reach: Reach, resolve: Resolve | None = None) -> None:
        self._reach = reach
        self._threads: ThreadPoolExecutor | None = None
        self._resolve = resolve or self._looked_up
        self._tls: ssl.SSLContext | None = None

    def close(self) -> None:
        """Looks up no more."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def post(self, target: Target, headers: Mapping[str, str], body: bytes) -> Answer:
        """Sends a body; what came of it, whatever that is."""
        try:
            async with asyncio.timeout(SECONDS):
                return await self._posted(target, headers, body)
        except TimeoutError:
            return Answer(0, f"There was no answer in {SECONDS:g} s.")

    async def _posted(self, target: Target, headers: Mapping[str, str], body: bytes) -> Answer:
        found = await self._addresses(target)
        if not found:
            return Answer(0, NOWHERE)
        failure = ""
        for one in found[:ADDRESSES_MAX]:
            try:
                channel = await self._connected(target, one)
            except ConnectionFailed as error:
                failure = _told(error)
                continue
            return await _exchanged(channel, target, headers, body)
        return Answer(0, failure)

    async def _addresses(self, target: Target) -> tuple[str, ...]:
        """Where its host is; nowhere, if any of it is not open."""
        try:
            found = await self._resolve(target.host, target.port)
        except (OSError, UnicodeError):
            return ()
        return found if all(map(self._reach.allows, found)) else ()

    async def _connected(self, target: Target, at: str) -> Channel:
        address = Address(target.origin)
        if address.secure and self._tls is None:
            self._tls = ssl.create_default_context()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await connect(address, self._tls, at)
        except TimeoutError:
            text = f"No connection in {CONNECT_SECONDS:g} s."
            raise ConnectionFailed(text, sent=False) from None

    async def _looked_up(self, host: str, port: int) -> tuple[str, ...]:
        try:
            return (str(ip_address(host)),)
        except ValueError:  # a name, or a number that the resolver reads in its own way
            pass
        if self._threads is None:
            self._threads = ThreadPoolExecutor(LOOKUPS, "hanse-webhook-names")
        loop = asyncio.get_running_loop()
        rows = await loop.run_in_executor(self._threads, _system, host, port)
        return tuple(dict.fromkeys(str(row[4][0]) for row in rows))


def _system(
    host: str, port: int
) -> list[tuple[object, object, object, object, tuple[object, ...]]]:
    return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG))


async def _exchanged(
    channel: Channel, target: Target, headers: Mapping[str, str], body: bytes
) -> Answer:
    lines = {
        "host": target.authority, "content-length": str(len(body)), "connection": "close", **headers
    }  # fmt: skip
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    request = f"POST {target.path} HTTP/1.1\r\n{head}\r\n".encode() + body
    channel.limit = ANSWER_MAX
    try:
        status, answered, _ = await channel.exchange(request)
    except ConnectionFailed:
        return Answer(0, "The connection broke before the answer was whole.")
    finally:
        channel.close()
    return Answer(status, retry_after=_seconds(answered.get(b"retry-after", b"")))


def _seconds(value: bytes) -> int:
    return int(value) if value.isdigit() and len(value) < 10 else 0


def _told(error: ConnectionFailed) -> str:
    """Why there is no connection, without saying where it was tried."""
    cause = error.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"Its certificate does not hold: {cause.verify_message}."
    if isinstance(cause, ssl.SSLError):
        return "No TLS connection could be made."
    if isinstance(cause, ConnectionRefusedError):
        return "It takes no connection there."
    return "No connection could be made." if cause is not None else str(error)
