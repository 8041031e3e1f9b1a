"""The bucket in which the directory lies, as NATS' own tools know it: made, and written to."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.fleet.directory.failures import DirectoryConflict, DirectoryRefused, away
from hanse.fleet.engine.brokers.logins import KEYS, STREAM
from hanse.fleet.engine.brokers.server_file import DIRECTORY_BYTES_MAX
from hanse.kit.clock import monotonic, wait_set
from hanse.runtime.broker.failures import NO_QUORUM, BrokerAway, StreamRefused
from hanse.runtime.broker.message import Place
from hanse.runtime.broker.stream import NO_STREAM, EventStream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hanse.runtime.broker.broker import Broker

WRITE_SECONDS = 8.0
"""For a write, with a change of who decides among the brokers in between, which takes some five."""

PAUSE_SECONDS = 0.1

OTHER_LAST = (10071, 10070, 10164)
"""What the stream says where a key was written since, as in `server/errors.json`."""

_BYTES_MAX = DIRECTORY_BYTES_MAX - 1024 * 1024
_SECOND = 1_000_000_000


class _Wrong(msgspec.Struct):
    err_code: int = 0
    description: str = ""


class _Ack(msgspec.Struct):
    seq: int = 0
    error: _Wrong | None = None


class _Info(msgspec.Struct):
    created: str
    state: Place
    config: dict[str, Any]


class _Stored(msgspec.Struct):
    seq: int
    data: bytes = b""


class _Found(msgspec.Struct):
    message: _Stored


class Bucket:
    """What is asked and told of it.

    Args:
        broker: With a login of the directory.
        patience: Seconds for a write.

    Attributes:
        stream: It, for who reads.
    """

    def __init__(self, broker: Broker, patience: float = WRITE_SECONDS) -> None:
        self._broker = broker
        self._patience = patience
        self.stream = EventStream(broker, STREAM)

    async def ensure(self) -> None:
        """Makes it, on as many brokers as hold it.

        Raises:
            BrokerAway: Nobody knows.
            StreamRefused: It cannot be made.
        """
        wanted = _config(self._broker.config.replicas)
        try:
            found = await self._info()
        except StreamRefused as refused:
            if refused.number != NO_STREAM:
                raise
            await self._broker.ask(f"STREAM.CREATE.{STREAM}", wanted)
            return
        if any(found.config.get(name) != value for name, value in wanted.items()):
            await self._broker.ask(f"STREAM.UPDATE.{STREAM}", found.config | wanted)

    async def made(self) -> tuple[str, int]:
        """When it was made, and how far it is.

        Raises:
            BrokerAway: Nobody knows.
            StreamRefused: It was not, so far.
        """
        found = await self._info()
        return found.created, found.state.last

    async def tell(self, key: str, data: bytes) -> None:
        """Writes a key if that can be; nobody says so. For what is told again and again.

        Raises:
            BrokerAway: There is no connection.
        """
        await self._broker.connection.publish(self._subject(key), data)

    async def put(self, key: str, data: bytes, last: int | None = None) -> int:
        """Writes a key.

        Args:
            key: Which.
            data: Empty to delete it.
            last: Its revision, if it is to be exchanged: 0 where it must not be there.

        Returns:
            Its revision from now on.

        Raises:
            DirectoryAway: Nobody knows whether it is written.
            DirectoryConflict: It has another revision.
            DirectoryRefused: The login may not.
        """
        headers = {} if data else {"KV-Operation": "DEL"}
        if last is not None:
            headers["Nats-Expected-Last-Subject-Sequence"] = str(last)
        limit, never, unsure = monotonic() + self._patience, asyncio.Event(), False
        while monotonic() < limit:
            try:
                ack = await self._send(key, data, headers)
            except BrokerAway:
                unsure = True
                await wait_set(never, PAUSE_SECONDS)
                continue
            if ack.error is None:
                return ack.seq
            if ack.error.err_code not in NO_QUORUM:
                return await self._otherwise(key, data, ack.error, unsure=unsure)
            await wait_set(never, PAUSE_SECONDS)
        raise away(self._patience)

    async def _send(self, key: str, data: bytes, headers: Mapping[str, str]) -> _Ack:
        try:
            answer = await self._broker.connection.request(self._subject(key), data, headers)
        except StreamRefused as refused:
            raise DirectoryRefused(
                f"{key} is not for this process to write: a region writes its own keys, and the "
                "head what is desired."
            ) from refused
        return msgspec.json.decode(answer, type=_Ack)

    async def _otherwise(self, key: str, data: bytes, wrong: _Wrong, *, unsure: bool) -> int:
        """What was sent before and not answered may be what is there."""
        if wrong.err_code not in OTHER_LAST:
            raise DirectoryRefused(f"The directory does not take {key}: {wrong.description}.")
        found = await self._last(key) if unsure else None
        if found is not None and found.data == data:
            return found.seq
        raise DirectoryConflict(
            f"{key} was written by somebody else meanwhile; read it again, and decide anew.",
            key=key,
        )

    async def _last(self, key: str) -> _Stored | None:
        question = {"last_by_subj": KEYS + key}
        try:
            answer = await self._broker.ask(f"STREAM.MSG.GET.{STREAM}", question)
        except StreamRefused:
            return None
        except BrokerAway as error:
            raise away(self._patience) from error
        return msgspec.json.decode(answer, type=_Found).message

    async def _info(self) -> _Info:
        return msgspec.json.decode(await self._broker.ask(f"STREAM.INFO.{STREAM}"), type=_Info)

    def _subject(self, key: str) -> str:
        """As a broker takes it that only passes it on, too."""
        return f"{self._broker.config.api}.{KEYS}{key}"


def key_of(subject: str) -> str:
    """The key of a message of the stream."""
    return subject.removeprefix(KEYS)


def _config(replicas: int) -> dict[str, Any]:
    return {
        "name": STREAM,
        "subjects": [f"{KEYS}>"],
        "retention": "limits",
        "storage": "file",
        "discard": "new",
        "max_msgs_per_subject": 1,
        "max_bytes": _BYTES_MAX,
        "max_age": 0,
        "num_replicas": replicas,
        "allow_direct": True,
        "allow_rollup_hdrs": True,
        "deny_delete": True,
        "duplicate_window": 120 * _SECOND,
    }
