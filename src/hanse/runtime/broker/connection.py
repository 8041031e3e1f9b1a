"""One connection to NATS: used until it breaks, and never mended."""

from __future__ import annotations

import asyncio
import importlib
import re
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hanse.kit.chance import RANDOM
from hanse.runtime.broker.failures import StreamRefused, away

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from hanse.runtime.broker.broker_config import BrokerConfig

# Imported with this module only: a host without events does not pay for it.
_client: Any = importlib.import_module("nats.aio.client")
_errors: Any = importlib.import_module("nats.errors")

BROKEN: tuple[type[Exception], ...] = (
    *(_errors.Error, _errors.ConnectionClosedError, OSError, TimeoutError),
)
"""What the client raises when there is no connection, or no answer."""

PING_SECONDS = 5.0
PINGS = 2
"""Unanswered, after which a server that says nothing is none."""

CLOSE_SECONDS = 0.5
"""For the other end to say good-bye, which TLS does."""

FORBIDDEN_KEPT = 100
_FORBIDDEN = re.compile(r'permissions violation for publish to "([^"]*)"')
"""As the client gives on what the server said: in small letters."""

NOBODY = "hanse.nobody"
"""A subject below that of events, which no stream has."""

PENDING_BYTES = 4 * 1024 * 1024
"""Written before anybody waits for the socket."""


class Connection:
    """What is sent and received on one connection.

    Attributes:
        ended: Done when it has broken or was closed.
    """

    def __init__(self, client: Any, timeout: float) -> None:
        self._client = client
        self._timeout = timeout
        self._forbidden: set[str] = set()
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def open(self) -> bool:
        """Whether it has not ended, as far as is known."""
        return not self.ended.done() and bool(self._client.is_connected)

    @property
    def payload_most(self) -> int:
        """Bytes of a message that the server takes."""
        return int(self._client.max_payload)

    def inbox(self) -> str:
        """A subject that nobody else has."""
        return str(self._client.new_inbox())

    async def request(
        self,
        subject: str,
        payload: bytes,
        headers: Mapping[str, str] | None = None,
        *,
        seconds: float | None = None,
    ) -> bytes:
        """An answer.

        Args:
            subject: Where to.
            payload: What.
            headers: Besides.
            seconds: Until there is to be one, if not as configured.

        Raises:
            BrokerAway: There is none.
            StreamRefused: There never will be: the login may not ask that.
        """
        try:
            answer = await self._client.request(
                subject, payload, timeout=seconds or self._timeout, headers=headers
            )
        except BROKEN as error:
            if _bare(subject) in self._forbidden:
                raise StreamRefused(f"The broker does not let this login use {subject}.") from error
            raise away().because(error) from error
        return answer.data

    async def publish(
        self,
        subject: str,
        payload: bytes = b"",
        reply: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Sends a message; nobody says if it arrived.

        Raises:
            BrokerAway: There is no connection.
        """
        try:
            await self._client.publish(subject, payload, reply, headers)
        except BROKEN as error:
            raise away().because(error) from error

    async def subscribe(self, subject: str, heard: Callable[[Any], Awaitable[None]]) -> Any:
        """Has something done with each message, in turn, until `unsubscribe` of what is given.

        Raises:
            BrokerAway: There is no connection.
        """
        try:
            return await self._client.subscribe(subject, cb=heard)
        except BROKEN as error:
            raise away().because(error) from error

    async def unsubscribe(self, subscription: Any) -> None:
        """Has it done no more; does nothing on a connection that has ended."""
        if self.open:
            with suppress(*BROKEN):
                await subscription.unsubscribe()

    async def close(self) -> None:
        """Ends it."""
        self._end()
        await _close(self._client)

    async def heard_of(self, error: Exception) -> None:
        """For the client: what breaks a connection is seen where it ends, what is dropped as a gap.

        What is forbidden is no answer to what was asked, which would be waited for in vain.
        """
        found = _FORBIDDEN.search(str(error))
        if found is not None and len(self._forbidden) < FORBIDDEN_KEPT:
            self._forbidden.add(_bare(found[1]))

    async def ended_by_server(self) -> None:
        """For the client: it has broken."""
        self._end()

    def _end(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


async def connect(config: BrokerConfig) -> Connection:
    """Opens one, to the first server that takes it.

    Raises:
        OSError, TimeoutError, nats.errors.Error: The server is away, or does not let us in.
    """
    urls = config.urls()
    if not config.nearest_first:
        RANDOM.shuffle(urls)
    for url in urls[:-1]:
        # A share of the time each: one that hangs must leave some for those behind it.
        with suppress(*BROKEN):
            return await _connect(config, url, config.connect_timeout / len(urls))
    return await _connect(config, urls[-1], config.connect_timeout / len(urls))


async def _connect(config: BrokerConfig, url: str, seconds: float) -> Connection:
    client = _client.Client()
    connection = Connection(client, config.request_timeout)
    try:
        async with asyncio.timeout(seconds):
            await client.connect(
                [url],
                name="hanse",
                allow_reconnect=False,  # whoever uses it has to know
                max_reconnect_attempts=1,
                connect_timeout=seconds,
                ping_interval=PING_SECONDS,
                max_outstanding_pings=PINGS,
                pending_size=PENDING_BYTES,
                inbox_prefix=config.inbox,
                error_cb=connection.heard_of,
                closed_cb=connection.ended_by_server,
                disconnected_cb=connection.ended_by_server,
                **_security(config),
            )
            # Nobody answers there, which a server says at once, alone or in a majority.
            # The client begins to listen for answers when it is first asked something, in a task of
            # whoever asks: it would end with a call of a service, and no answer come any more.
            with suppress(_errors.NoRespondersError):
                await client.request(NOBODY, timeout=seconds)
    except BaseException:
        await _close(client)
        raise
    return connection


async def _close(client: Any) -> None:
    """Ends it; at once where the other end does not say good-bye, as one that hangs never will."""
    # What was not sent yet cannot be any more; uvloop says so by a RuntimeError.
    with suppress(*BROKEN, RuntimeError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await client.close()
        return
    transport = client._transport  # noqa: SLF001  the client has no other way to it
    writer: Any = getattr(transport, "_io_writer", None)
    if writer is not None:
        writer.transport.abort()


def _security(config: BrokerConfig) -> dict[str, Any]:
    """Who we are, as the files say now."""
    if config.identity is None:
        return {}
    context = ssl.create_default_context(cafile=config.authority)
    context.load_cert_chain(config.identity)
    return {"tls": context, "tls_handshake_first": True}


def _bare(subject: str) -> str:
    """What is asked, wherever: a server may say it with another domain than it was asked with."""
    return subject.lower().rpartition(".api.")[2]
