"""Publishes many messages at once, each behind the one before it and behind nothing else."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from hanse.kit.clock import wait_set
from hanse.kit.ids import trace_id
from hanse.runtime.broker.failures import away

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hanse.runtime.broker.connection import Connection
    from hanse.runtime.broker.message import Outgoing

OTHER_LAST = (10071, 10070)
"""What a stream says whose last message is another: by its sequence, or by its id."""

NOT_STORED = 10077
NO_ROOM = (10047, 10023, NOT_STORED)
"""What a full stream says: no room for it, none for any stream, or that it was not stored."""


class _Refusal(msgspec.Struct):
    err_code: int = 0
    description: str = ""


class _Ack(msgspec.Struct):
    seq: int = 0
    duplicate: bool = False
    error: _Refusal | None = None


_ack = msgspec.json.Decoder(_Ack)


class Published(NamedTuple):
    """What became of messages.

    Attributes:
        sequences: Where each stands in the stream, in the order they were given; 0 where it does
            not, as far as is known.
        refusal: Why the first that was refused was: what the broker calls it, 0 if none was.
        said: And in its words.
    """

    sequences: list[int]
    refusal: int
    said: str

    @property
    def is_behind(self) -> bool:
        """Whether somebody else had published meanwhile."""
        return self.refusal in OTHER_LAST

    @property
    def is_full(self) -> bool:
        """Whether there is no room."""
        return self.refusal in NO_ROOM


class Publisher:
    """Sends on one connection, a batch at a time, and listens for what becomes of it.

    Args:
        connection: On which.
        seconds: For the next answer of a batch, after which the broker is away.
        atomic: Whether the stream takes many as one.
    """

    def __init__(self, connection: Connection, seconds: float, *, atomic: bool = False) -> None:
        self._atomic = atomic
        self._connection = connection
        self._seconds = seconds
        self._inbox = connection.inbox()
        self._subscription: Any = None
        self._batch = 0
        self._answers: dict[int, _Ack] = {}
        self._missing = 0
        self._whole = asyncio.Event()

    async def begin(self) -> None:
        """Begins to listen.

        Raises:
            BrokerAway: There is no connection.
        """
        self._subscription = await self._connection.subscribe(f"{self._inbox}.*.*", self._hear)
        self._connection.ended.add_done_callback(lambda _: self._whole.set())

    async def end(self) -> None:
        """Listens no more."""
        await self._connection.unsubscribe(self._subscription)

    async def publish(self, messages: Sequence[Outgoing], last: int) -> Published:
        """Has messages follow the last one of a stream, one behind the other.

        If another one is the last, none is stored that does not follow the one before it. What the
        broker has already, as it knows by their id, is not stored again and counts.

        Args:
            messages: In this order.
            last: Sequence of the last message there was.

        Raises:
            BrokerAway: Nobody knows what became of them.
        """
        if self._atomic and len(messages) > 1:
            published = await self._at_once(messages, last)
            if published is not None:
                return published
        return await self._one_by_one(messages, last)

    async def _at_once(self, messages: Sequence[Outgoing], last: int) -> Published | None:
        """All or none, with one answer, and written to the disk once; None if it was none.

        Then some may be there already, or have room, which is seen one by one.
        """
        headers = {"Nats-Batch-Id": trace_id(), "Nats-Expected-Last-Sequence": str(last)}
        *first, closing = messages
        for number, message in enumerate(first, 1):
            headers |= {"Nats-Msg-Id": message.id, "Nats-Batch-Sequence": str(number)}
            await self._connection.publish(message.subject, message.data, headers=headers)
            headers.pop("Nats-Expected-Last-Sequence", None)
        headers |= {"Nats-Msg-Id": closing.id, "Nats-Batch-Sequence": str(len(messages))}
        headers["Nats-Batch-Commit"] = "1"
        answer = _ack.decode(await self._connection.request(closing.subject, closing.data, headers))
        if answer.error is not None:
            return None
        return Published(list(range(answer.seq - len(first), answer.seq + 1)), 0, "")

    async def _one_by_one(self, messages: Sequence[Outgoing], last: int) -> Published:
        self._batch += 1
        self._answers = {}
        self._missing = len(messages)
        self._whole.clear()
        for index, message in enumerate(messages):
            # The first follows the last there was, each other one the one before it: whoever else
            # published meanwhile, not one of them stands where it should not.
            before = (
                {"Nats-Expected-Last-Msg-Id": messages[index - 1].id}
                if index
                else {"Nats-Expected-Last-Sequence": str(last)}
            )
            headers = {"Nats-Msg-Id": message.id, **before}
            reply = f"{self._inbox}.{self._batch}.{index}"
            await self._connection.publish(message.subject, message.data, reply, headers)
        await self._until_whole()
        return self._published(len(messages))

    async def _until_whole(self) -> None:
        await wait_set(self._whole, self._seconds)
        if self._missing and not self._answers:
            raise away()

    def _published(self, count: int) -> Published:
        answers = [self._answers.get(index, _Ack()) for index in range(count)]
        refused = (one.error for one in answers if one.error is not None)
        first = next(refused, None) or _Refusal()
        sequences = [0 if one.error else one.seq for one in answers]
        return Published(sequences, first.err_code, first.description)

    async def _hear(self, message: Any) -> None:
        """For the client: what became of one."""
        _, batch, index = message.subject.rsplit(".", 2)
        if int(batch) != self._batch:
            return
        self._answers[int(index)] = _ack.decode(message.data)
        self._missing -= 1
        if not self._missing:
            self._whole.set()
