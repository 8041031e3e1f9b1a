"""Publishes messages in their order: none stands behind a gap, whoever else publishes meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from hanse.kit.ids import trace_id
from hanse.runtime.broker.failures import NO_QUORUM, away

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
    """Sends on one connection, and waits for what becomes of it.

    Args:
        connection: On which.
        atomic: Whether the stream takes many as one.
    """

    def __init__(self, connection: Connection, *, atomic: bool = False) -> None:
        self._connection = connection
        self._atomic = atomic

    async def publish(self, messages: Sequence[Outgoing], last: int) -> Published:
        """Has messages follow the last one of a stream, one behind the other.

        What the broker has already, as it knows by their id, is not stored again and counts. Where
        one is refused, none after it is sent: one that the broker has already would answer for it,
        and the next be taken as if nothing were missing.

        Args:
            messages: In this order.
            last: Sequence of the last message there was.

        Raises:
            BrokerAway: Nobody knows what became of them.
        """
        sequences: list[int] = []
        as_one, was_there = self._atomic, False
        while left := messages[len(sequences) :]:
            if as_one and len(left) > 1 and (stored := await self._at_once(left, last)):
                sequences += stored
                break
            answer = await self._alone(left[0], last)
            if answer.error is not None:
                sequences += [0] * len(left)
                return Published(sequences, answer.error.err_code, answer.error.description)
            # What is there already keeps a batch from being one: behind it the rest can be again.
            as_one = self._atomic and was_there and not answer.duplicate
            was_there = answer.duplicate
            sequences.append(answer.seq)
            last = max(last, answer.seq)
        return Published(sequences, 0, "")

    async def _at_once(self, messages: Sequence[Outgoing], last: int) -> list[int]:
        """All or none, with one answer, and written to the disk once; where, empty if it was none.

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
            return []
        return list(range(answer.seq - len(first), answer.seq + 1))

    async def _alone(self, message: Outgoing, last: int) -> _Ack:
        headers = {"Nats-Msg-Id": message.id, "Nats-Expected-Last-Sequence": str(last)}
        answer = await self._connection.request(message.subject, message.data, headers)
        ack = _ack.decode(answer)
        if ack.error is not None and ack.error.err_code in NO_QUORUM:
            raise away()
        return ack
