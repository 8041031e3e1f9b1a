"""The broker as a host has it: a connection that comes back, and what is asked on it."""

from __future__ import annotations

import asyncio
import importlib
import logging
from typing import TYPE_CHECKING, Any, Self

import msgspec

from hanse.kit.backoff import Backoff
from hanse.kit.clock import wait_set
from hanse.kit.ending import end
from hanse.runtime.broker.failures import NO_QUORUM, StreamRefused, away

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hanse.runtime.broker.broker_config import BrokerConfig
    from hanse.runtime.broker.connection import Connection

log = logging.getLogger("hanse.broker")

AGAIN_MOST_SECONDS = 2.0

LOOK_SECONDS = 1.0
"""Between two looks whether a connection is one still."""


class _Wrong(msgspec.Struct):
    err_code: int = 0
    description: str = ""


class _Answer(msgspec.Struct):
    error: _Wrong | None = None


_answer = msgspec.json.Decoder(_Answer)


class Broker:
    """NATS with JetStream, for one host.

    It is entered without waiting: a broker that is away holds up what needs it, and nobody else.

    Args:
        config: Which, and how much of it.

    Attributes:
        config: As given.
    """

    def __init__(self, config: BrokerConfig) -> None:
        # Before the loop runs, which it would stop; and no host without a broker pays for it.
        self._client = importlib.import_module("hanse.runtime.broker.connection")
        self.config = config
        self._connection: Connection | None = None
        self._task: asyncio.Task[None] | None = None
        self._there = asyncio.Event()
        self._is_away = False

    async def __aenter__(self) -> Self:
        self._task = asyncio.Task(self._keep(), loop=asyncio.get_running_loop())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            await end((self._task,))

    @property
    def connected(self) -> bool:
        """Whether there is a connection, as far as is known."""
        return self._connection is not None and self._connection.open

    async def until_connected(self) -> Connection:
        """Waits for a connection. It is gone when `ended` is done, and another may be there."""
        while True:
            await self._there.wait()
            if self._connection is not None:
                return self._connection

    @property
    def connection(self) -> Connection:
        """The one there is.

        Raises:
            BrokerAway: There is none.
        """
        if self._connection is None:
            raise away()
        return self._connection

    async def ask(self, subject: str, question: Mapping[str, Any] | None = None) -> bytes:
        """What JetStream answers.

        Args:
            subject: Of its interface, without `$JS.API.` or what it is elsewhere.
            question: Sent as JSON.

        Raises:
            BrokerAway: There is no answer.
            StreamRefused: It says no.
        """
        payload = b"" if question is None else msgspec.json.encode(question)
        answer = await self.connection.request(f"{self.config.api}.{subject}", payload)
        wrong = _answer.decode(answer).error
        if wrong is not None and wrong.err_code in NO_QUORUM:
            raise away()
        if wrong is not None:
            raise StreamRefused(
                f"The broker refuses {subject.rpartition('.')[0]}: {wrong.description}.",
                number=wrong.err_code,
            )
        return answer

    async def _keep(self) -> None:
        """Connects, again after each loss."""
        backoff = Backoff(most=AGAIN_MOST_SECONDS)
        never = asyncio.Event()
        try:
            while True:
                connection = await self._connect()
                if connection is not None:
                    backoff.reset()
                    await self._use(connection)
                await wait_set(never, backoff.next())
        finally:
            if self._connection is not None:
                await self._connection.close()

    async def _connect(self) -> Connection | None:
        try:
            return await self._client.connect(self.config)
        except (*self._client.BROKEN, ValueError) as error:
            # Once, until it is back; and never its address, in which a password may stand.
            level = logging.DEBUG if self._is_away else logging.WARNING
            log.log(level, "The broker cannot be reached: %s", error or type(error).__name__)
            self._is_away = True
        return None

    async def _use(self, connection: Connection) -> None:
        if self._is_away:
            log.warning("The broker is back.")
        self._is_away = False
        self._connection = connection
        self._there.set()
        while connection.open:  # the client does not always say when it has closed
            await asyncio.wait((connection.ended,), timeout=LOOK_SECONDS)
        self._there.clear()
        self._connection = None
        await connection.close()
        log.warning("The connection to the broker broke.")
