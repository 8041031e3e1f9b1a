"""The stream of a database: made as it must be, and what it holds."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.runtime.broker.failures import StreamRefused
from hanse.runtime.broker.message import Place

if TYPE_CHECKING:
    from hanse.runtime.broker.broker import Broker

PARTITIONS = 64
"""Fixed for the life of a stream: what is in order is in one of them."""

DUPLICATE_SECONDS = 120
"""For so long the broker knows what it has already."""

NO_STREAM = 10059
NO_MESSAGE = 10037

_SECOND = 1_000_000_000


class _Info(msgspec.Struct):
    config: dict[str, Any]
    state: Place


class _Stored(msgspec.Struct):
    time: datetime


class _Found(msgspec.Struct):
    message: _Stored


_info = msgspec.json.Decoder(_Info)
_found = msgspec.json.Decoder(_Found)


class EventStream:
    """One stream of a broker. It discards nothing by itself, and refuses what it has no room for.

    Args:
        broker: Where.
        name: Its own, and the second word of all its subjects; the first is `hanse`.

    Attributes:
        broker: As given.
        name: As given.
        atomic: Whether it takes many messages as one, as far as is known: servers from 2.12 on do.
    """

    atomic = False

    def __init__(self, broker: Broker, name: str) -> None:
        self.broker = broker
        self.name = name

    def subject(self, partition: int | None = None, kind: str = "") -> str:
        """The subject of an event, or of many.

        Args:
            partition: None for all.
            kind: Full name of its type; empty for all.
        """
        return f"hanse.{self.name}.{'*' if partition is None else partition}.{kind or '>'}"

    async def ensure(self, last: int = 0) -> Place:
        """Makes it if it is not there, and as it must be if it is otherwise.

        Args:
            last: The sequence behind which it goes on if it is made.

        Returns:
            What it holds.

        Raises:
            BrokerAway: Nobody knows.
            StreamRefused: It cannot be made; the broker says why.
        """
        wanted = self._config()
        try:
            found = _info.decode(await self.broker.ask(f"STREAM.INFO.{self.name}"))
        except StreamRefused as refused:
            if refused.number != NO_STREAM:
                raise
            made = {**wanted, "first_seq": last + 1}
            found = _info.decode(await self.broker.ask(f"STREAM.CREATE.{self.name}", made))
        if any(found.config.get(name) != value for name, value in wanted.items()):
            changed = found.config | wanted
            found = _info.decode(await self.broker.ask(f"STREAM.UPDATE.{self.name}", changed))
        self.atomic = bool(found.config.get("allow_atomic"))
        return found.state

    async def place(self) -> Place:
        """What it holds.

        Raises:
            BrokerAway: Nobody knows.
            StreamRefused: It is not there.
        """
        return _info.decode(await self.broker.ask(f"STREAM.INFO.{self.name}")).state

    async def bytes_most(self) -> int:
        """How many bytes it may hold.

        Raises:
            BrokerAway: Nobody knows.
            StreamRefused: It is not there.
        """
        found = _info.decode(await self.broker.ask(f"STREAM.INFO.{self.name}"))
        return int(found.config["max_bytes"])

    async def time_of(self, sequence: int) -> datetime | None:
        """When the first message from a sequence on was published; None if there is none.

        Raises:
            BrokerAway: Nobody knows.
            StreamRefused: There is no stream.
        """
        question = {"seq": sequence, "next_by_subj": self.subject()}
        try:
            answer = await self.broker.ask(f"STREAM.MSG.GET.{self.name}", question)
        except StreamRefused as refused:
            if refused.number != NO_MESSAGE:
                raise
            return None
        return _found.decode(answer).message.time

    async def first_since(self, since: datetime, first: int, last: int) -> int:
        """The first sequence that came at a time or later, found by halves; else `last` and one.

        Args:
            since: By the broker's clock, when it was told.
            first: From which on it is looked for.
            last: And up to which.

        Raises:
            BrokerAway: Nobody knows.
            StreamRefused: There is no stream.
        """
        low, high = first, last + 1
        while low < high:
            middle = (low + high) // 2
            came = await self.time_of(middle)
            if came is None or came >= since:
                high = middle
            else:
                low = middle + 1
        return low

    async def strike(self, sequence: int) -> None:
        """Takes out one message.

        Raises:
            BrokerAway: Nobody knows if it is gone.
            StreamRefused: There is none.
        """
        question = {"seq": sequence, "no_erase": True}
        await self.broker.ask(f"STREAM.MSG.DELETE.{self.name}", question)

    async def purge(self, below: int) -> None:
        """Has all before a sequence go.

        Raises:
            BrokerAway: Nobody knows if they are gone.
            StreamRefused: There is no stream.
        """
        await self.broker.ask(f"STREAM.PURGE.{self.name}", {"seq": below})

    async def delete(self) -> None:
        """Has it go with all it holds.

        Raises:
            BrokerAway: Nobody knows if it is gone.
            StreamRefused: There is none.
        """
        await self.broker.ask(f"STREAM.DELETE.{self.name}")

    def _config(self) -> dict[str, Any]:
        config = self.broker.config
        return {
            "name": self.name,
            "subjects": [f"hanse.{self.name}.>"],
            "retention": "limits",
            "storage": "file",
            "discard": "new",
            "max_bytes": config.stream_bytes,
            "max_age": 0,
            "num_replicas": config.replicas,
            "allow_atomic": True,  # which older servers do not know, and pass by
            "duplicate_window": DUPLICATE_SECONDS * _SECOND,
        }
