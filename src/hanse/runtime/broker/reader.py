"""Reads a stream in order, no faster than somebody asks, and notices what is missing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self

import msgspec

from hanse.kit.clock import monotonic, wait_set
from hanse.kit.ids import trace_id
from hanse.runtime.broker.failures import BrokerAway, ReadingBroke, StreamRefused
from hanse.runtime.broker.message import Message, delivered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hanse.runtime.broker.connection import Connection
    from hanse.runtime.broker.stream import EventStream

MESSAGES = 128
SIZE = 8 * 1024 * 1024

EXPIRES_SECONDS = 30.0
"""After which the broker is asked anew, if little happens."""

FORGOTTEN_SECONDS = 300.0
"""After which the broker forgets a reader who asked for nothing."""

MISSED = 2
"""Signs of life in a row that are missing, after which a connection is no good."""

KNOWN_SECONDS = 5.0
ASK_SECONDS = 0.2
PAUSE_SECONDS = 0.01
"""Until a new reader is known to all servers, and between two looks."""

_NONSENSE = b"{"
_SECOND = 1_000_000_000
_ALIVE = "100"
_OVER = frozenset({"404", "408"})


class _Delivered(msgspec.Struct):
    number: int = msgspec.field(name="consumer_seq")


class _Told(msgspec.Struct):
    delivered: _Delivered
    pending: int = msgspec.field(name="num_pending")


_told = msgspec.json.Decoder(_Told)


class Reader:
    """All messages of some subjects from a sequence on, each once and in order.

        async with Reader(stream, [stream.subject(7)], position + 1) as reader:
            for message in await reader.read(): ...

    Nothing is acknowledged and the broker keeps no position: whoever reads knows where they are,
    and when a reader breaks begins another from there.

    Args:
        stream: Which.
        subjects: Of what is wanted; none twice, and none a part of another.
        start: The first sequence that is wanted.
        messages: Held at most until `read` is called again.
        size: Bytes of all those.

    Attributes:
        pending: How many follow in the stream behind what came so far, as of the last that came.
    """

    def __init__(
        self,
        stream: EventStream,
        subjects: Sequence[str],
        start: int,
        *,
        messages: int = MESSAGES,
        size: int = SIZE,
    ) -> None:
        self._stream = stream
        self._subjects = list(subjects)
        self._start = max(1, start)
        self._most = {"batch": messages, "max_bytes": size}
        self._name = trace_id()
        self._connection: Connection | None = None
        self._subscription: Any = None
        self._inbox = ""
        self._came: list[Message] = []
        self._news = asyncio.Event()
        self._asked = 0
        self._number: int = 0
        self._heard = 0.0
        self._wrong = ""
        self.pending = 0

    async def __aenter__(self) -> Self:
        """Begins.

        Raises:
            BrokerAway: It cannot be reached.
            StreamRefused: There is no such stream, or the broker takes no more readers.
        """
        self._connection = connection = self._stream.broker.connection
        self._inbox = connection.inbox()
        self._subscription = await connection.subscribe(self._inbox, self._hear)
        try:
            made = await self._stream.broker.ask(self._consumer("CREATE"), self._wanted())
            if self._stream.broker.config.domain:
                await self._until_known(connection)
        except BaseException:
            await self._unsubscribe()
            raise
        self.pending = _told.decode(made).pending
        self._heard = monotonic()
        connection.ended.add_done_callback(lambda _: self._news.set())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._unsubscribe()
        try:
            await self._stream.broker.ask(self._consumer("DELETE"))
        except (BrokerAway, StreamRefused):
            return  # it is forgotten by itself

    async def read(self) -> list[Message]:
        """What came since the last time; waits until there is something.

        Raises:
            ReadingBroke: Nothing more will come, or something is missing.
        """
        while not self._came:
            await self._ask()
            await self._wait()
        came, self._came = self._came, []
        await self._ask()  # what comes next is on its way while this is worked on
        return came

    async def told(self) -> tuple[int, int]:
        """How many messages the broker has sent so far, and how many follow: whether all came.

        Raises:
            BrokerAway: Nobody knows.
            StreamRefused: It has forgotten this reader.
        """
        said = _told.decode(await self._stream.broker.ask(self._consumer("INFO")))
        return said.delivered.number, said.pending

    async def _ask(self) -> None:
        connection = self._connection
        if self._wrong or connection is None or not connection.open:
            raise ReadingBroke(self._wrong or "The connection to the broker broke.")
        if self._asked:
            return
        self._asked = self._most["batch"]
        heartbeat = int(self._stream.broker.config.heartbeat * _SECOND)
        question = {
            **self._most,
            "expires": max(int(EXPIRES_SECONDS * _SECOND), 3 * heartbeat),
            "idle_heartbeat": heartbeat,
        }
        self._heard = monotonic()
        try:
            subject = self._next_of()
            await connection.publish(subject, msgspec.json.encode(question), self._inbox)
        except BrokerAway as error:
            raise ReadingBroke("The connection to the broker broke.") from error

    async def _wait(self) -> None:
        """Until something came, or it is clear that nothing will."""
        self._news.clear()
        patience = self._stream.broker.config.heartbeat * MISSED
        while not (self._came or self._wrong or not self._asked):
            assert self._connection is not None
            if self._connection.ended.done():
                self._wrong = "The connection to the broker broke."
            elif monotonic() > self._heard + patience:
                self._wrong = "The broker says nothing any more."
            else:
                await wait_set(self._news, patience / MISSED)
                self._news.clear()

    async def _hear(self, message: Any) -> None:
        """For the client: something came for the inbox."""
        self._heard = monotonic()
        said: dict[str, str] = message.headers or {}
        status = said.get("Status", "")
        if message.data or not status:
            self._take(message)
        elif status != _ALIVE:
            self._end_asking(status, said.get("Description", ""))
        self._news.set()

    def _take(self, message: Any) -> None:
        where = delivered(message.reply)
        if where.number != self._number + 1:
            self._wrong = "Messages were lost on the way from the broker."
            return
        self._number = where.number
        self._asked -= 1
        self.pending = where.pending
        self._came.append(Message(where.sequence, message.subject, message.data))

    def _end_asking(self, status: str, said: str) -> None:
        if status in _OVER or "MaxBytes" in said or "Batch Completed" in said:
            self._asked = 0
        else:
            self._wrong = f"The broker ended the reader: {said or status}."

    async def _unsubscribe(self) -> None:
        if self._connection is not None:
            await self._connection.unsubscribe(self._subscription)

    async def _until_known(self, connection: Connection) -> None:
        """Waits until what is asked of this reader reaches it, wherever among the servers it is.

        It is made when one server says so, and others pass nothing on to it before they have heard
        of it: what is asked until then is gone. It answers to what it does not understand.

        Raises:
            BrokerAway: It does not get to be known.
        """
        limit, never = monotonic() + KNOWN_SECONDS, asyncio.Event()
        while True:
            try:
                await connection.request(self._next_of(), _NONSENSE, seconds=ASK_SECONDS)
            except BrokerAway:
                if not connection.open or monotonic() > limit:
                    raise
                await wait_set(never, PAUSE_SECONDS)
            else:
                return

    def _next_of(self) -> str:
        """Where more is asked for."""
        api = self._stream.broker.config.api
        return f"{api}.CONSUMER.MSG.NEXT.{self._stream.name}.{self._name}"

    def _consumer(self, verb: str) -> str:
        return f"CONSUMER.{verb}.{self._stream.name}.{self._name}"

    def _wanted(self) -> dict[str, Any]:
        config: dict[str, Any] = {
            "name": self._name,
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": self._start,
            "ack_policy": "none",
            "replay_policy": "instant",
            "filter_subjects": self._subjects,
            "mem_storage": True,
            "num_replicas": 1,
            "inactive_threshold": int(FORGOTTEN_SECONDS * _SECOND),
        }
        return {"stream_name": self._stream.name, "config": config, "action": "create"}
