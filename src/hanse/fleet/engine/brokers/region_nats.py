"""The NATS server of one region: how it runs, whether it answers, when it reads its files anew."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.engine.brokers.plan import HOST, BrokersError
from hanse.fleet.engine.brokers.plan_files import server_file
from hanse.fleet.engine.brokers.reach import Reach, reach_of, tls_of
from hanse.fleet.engine.care import Care
from hanse.fleet.engine.nats import GRACE_SECONDS, NAME
from hanse.fleet.engine.program import Program, surroundings
from hanse.fleet.engine.supervision import Supervision
from hanse.runtime.config.file_mark import mark_of
from hanse.runtime.config.installed import find_nats

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hanse.fleet.state import StateFolder

_LINE_BYTES_MAX = 64 * 1024


class RegionNats:
    """Runs by the files that `plan_brokers` wrote, with the identity `broker` of the region.

    Args:
        state: The region's folder.
        variables: The environment.
    """

    def __init__(self, state: StateFolder, variables: Mapping[str, str]) -> None:
        self._state = state
        self._environment = surroundings(variables)
        self._binary = find_nats()
        self._tls = tls_of(state, "broker")
        self._read = self._marks()
        self._context: tuple[object, ssl.SSLContext] | None = None

    @property
    def program(self) -> Program:
        reach = reach_of(self._state)
        # The role says that it is another program, as what it was before cannot read that anew.
        environment = {**self._environment, "HANSE_BROKER_ROLE": reach.role if reach else ""}
        return Program(
            name=NAME,
            command=(str(self._binary), "--config", str(server_file(self._state))),
            environment=environment,
            grace=GRACE_SECONDS,
        )

    def supervision(self, changed: Callable[[Supervision], None] | None = None) -> Supervision:
        """What keeps it running."""
        care = Care(probe=self.answers, lives=self.lives, prepare=self.prepare, changed=changed)
        return Supervision(self.program, self._state, care)

    async def prepare(self) -> None:
        """Looks whether all is there that it starts by.

        Raises:
            BrokersError: Something lacks.
        """
        for file in (server_file(self._state), self._tls.identity, self._tls.authority):
            if not file.exists():
                raise BrokersError(
                    f"The broker of region {self._state.region} cannot start without {file}. The "
                    "head writes what brokers are told, and the region gives it an identity."
                )
        self._read = self._marks()

    async def answers(self) -> bool:
        """Whether it is this very server that listens, believes us, and has JetStream."""
        reach = reach_of(self._state)
        if reach is None:
            return False
        reader, writer = await self._open(reach)
        try:
            line = await reader.readline()
            info = msgspec.json.decode(line.removeprefix(b"INFO "), type=dict[str, object])
        except msgspec.DecodeError:
            return False
        finally:
            writer.close()
        return info.get("server_name") == reach.server and bool(info.get("jetstream"))

    async def lives(self) -> bool:
        """Whether it greets us."""
        reach = reach_of(self._state)
        if reach is None:
            return False
        reader, writer = await self._open(reach)
        try:
            return await reader.read(1) != b""
        finally:
            writer.close()

    def renewed(self, pid: int | None) -> bool:
        """Has a server that runs read its files anew, if they are others than it has read.

        To be called again and again; connections that are open stay as they are.

        Args:
            pid: Its process.

        Returns:
            Whether it was told to.
        """
        marks = self._marks()
        if pid is None or marks == self._read:
            return False
        self._read = marks
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGHUP)
        return True

    async def _open(self, reach: Reach) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(
            HOST, reach.port, ssl=self._secured(), limit=_LINE_BYTES_MAX
        )

    def _secured(self) -> ssl.SSLContext:
        """What we say who we are by, and believe: as it was, while the files are."""
        marks = mark_of(self._tls.identity), mark_of(self._tls.authority)
        if self._context is None or self._context[0] != marks:
            context = ssl.create_default_context(cafile=self._tls.authority)
            context.load_cert_chain(self._tls.identity)
            self._context = marks, context
        return self._context[1]

    def _marks(self) -> tuple[object, ...]:
        files = (self._tls.identity, self._tls.authority, server_file(self._state))
        return tuple(mark_of(file) for file in files)
