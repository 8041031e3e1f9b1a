"""Sends one request to where somebody else wants it, and never to what is inside."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

import msgspec

from hanse.kit.http import Address, Channel, ConnectionFailed, connect
from hanse.runtime.webhooks.egress.names import Look, Names, asked_of_the_system

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from hanse.runtime.webhooks.egress.reach import Reach
    from hanse.runtime.webhooks.egress.target import Target

SECONDS = 15.0
"""For looking up, connecting, sending and the answer together."""

CONNECT_SECONDS = 5.0
"""For each address of a host."""

ADDRESSES_MAX = 4
"""Of one host, that are tried in turn."""

ANSWER_MAX = 64 * 1024
"""Bytes of an answer with its head. Nobody reads more of it than its status."""

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
        look: Looks up a host.
    """

    def __init__(self, reach: Reach, look: Look = asked_of_the_system) -> None:
        self._reach = reach
        self._names = Names(look)
        self._tls: ssl.SSLContext | None = None

    def close(self) -> None:
        """Looks up no more."""
        self._names.close()

    async def post(
        self, target: Target, headers: Mapping[str, str], body: bytes, site: str
    ) -> Answer:
        """Sends a body; what came of it, whatever that is.

        Raises:
            NoThread: Names of the site, or of all, are looked up for so long that nothing was
                tried.
        """
        looked_up = await self._names.begin(target.host, target.port, site)
        try:
            async with asyncio.timeout(SECONDS):
                return await self._posted(await self._open(looked_up), target, headers, body)
        except TimeoutError:
            return Answer(0, f"There was no answer in {SECONDS:g} s.")

    async def _posted(
        self, found: tuple[str, ...], target: Target, headers: Mapping[str, str], body: bytes
    ) -> Answer:
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

    async def _open(self, looked_up: Awaitable[tuple[str, ...]]) -> tuple[str, ...]:
        """Where its host is; nowhere, if any of it is not open."""
        try:
            found = await looked_up
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
