"""One connection to NATS: used until it breaks, and never mended."""

from __future__ import annotations

import asyncio
import importlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hanse.runtime.broker.failures import away

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
        self, subject: str, payload: bytes, headers: Mapping[str, str] | None = None
    ) -> bytes:
        """An answer.

        Raises:
            BrokerAway: There is none.
        """
        try:
            answer = await self._client.request(
                subject, payload, timeout=self._timeout, headers=headers
            )
        except BROKEN as error:
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
        # What was not sent yet cannot be any more; uvloop says so by a RuntimeError.
        with suppress(*BROKEN, RuntimeError):
            async with asyncio.timeout(self._timeout):
                await self._client.close()

    async def ended_by_server(self) -> None:
        """For the client: it has broken."""
        self._end()

    def _end(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


async def connect(config: BrokerConfig) -> Connection:
    """Opens one.

    Raises:
        OSError, TimeoutError, nats.errors.Error: The server is away, or does not let us in.
    """
    client = _client.Client()
    connection = Connection(client, config.request_timeout)
    try:
        async with asyncio.timeout(config.connect_timeout):
            await client.connect(
                config.urls(),
                name="hanse",
                allow_reconnect=False,  # whoever uses it has to know
                reconnect_time_wait=0.01,  # between the servers of a cluster
                max_reconnect_attempts=1,
                connect_timeout=config.connect_timeout,
                ping_interval=PING_SECONDS,
                max_outstanding_pings=PINGS,
                pending_size=PENDING_BYTES,
                error_cb=_ignored,
                closed_cb=connection.ended_by_server,
                disconnected_cb=connection.ended_by_server,
            )
            # The client begins to listen for answers when it is first asked something, in a task of
            # whoever asks: it would end with a call of a service, and no answer come any more.
            with suppress(_errors.NoRespondersError):
                await client.request("$JS.API.INFO", timeout=config.connect_timeout)
    except BaseException:
        await client.close()
        raise
    return connection


async def _ignored(_: Exception) -> None:
    """What breaks a connection is seen where it ends; what is dropped, as a gap."""
