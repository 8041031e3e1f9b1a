"""What the hosts of a region stand on: their broker, and the gateway before them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.control.hosts.rollout import WORDS_SHOWN, ChangeFailed
from hanse.fleet.control.looks.hangs import silence_notes
from hanse.fleet.control.region.envoy import Envoy
from hanse.fleet.control.region.front import Front, FrontDesk
from hanse.fleet.control.region.gateway_settings import GATEWAY, GatewayWish
from hanse.fleet.engine.process import is_running
from hanse.fleet.gateway.picture import Picture
from hanse.fleet.state import write_whole
from hanse.kit.clock import monotonic

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping
    from pathlib import Path

    from hanse.fleet.control.api import Kind
    from hanse.fleet.engine.supervision import Supervision
    from hanse.fleet.state import StateFolder
    from hanse.kit.clock import Clock
    from hanse.runtime.project.gateway_table import GatewayTable

EMPTY_SECONDS = 5.0
"""Clients that ask nothing for so long lose their connection."""


class RegionGround:
    """Starts it, tells how it is, ends it.

    Args:
        state: The region's state folder.
        broker: What keeps the broker running.
        variables: The environment.
        clock: Tells when certificates expire.
        tell: Brings `front` to the gateway; returns when it is there.
        begin: What a gateway is told first, with that `front`.
    """

    def __init__(
        self,
        state: StateFolder,
        broker: Supervision,
        variables: Mapping[str, str],
        clock: Clock,
        tell: Callable[[], Awaitable[object]],
        begin: Callable[[Front], Picture],
    ) -> None:
        self._state = state
        self._broker = broker
        self._variables = variables
        self._clock = clock
        self._tell = tell
        self._begin = begin
        self._envoy: Envoy | None = None
        self._desk: FrontDesk | None = None

    async def start(self, wanted: GatewayWish | None = None) -> None:
        """Begins what does not run.

        Args:
            wanted: How the gateway should be; as it was when it began, if left out.

        Raises:
            ChangeFailed: The gateway does not take new settings; it has the old ones then.
            OSError, StateError: The gateway cannot be steered or its settings not be kept.
        """
        kept = self._kept()
        wish = wanted or kept
        self._broker.start()
        if self._envoy is None:
            desk = self._open_desk(wish.table)
            self._envoy = Envoy(self._state, wish.settings, self._variables)
            await self._envoy.start(self._begin(self.front()))
        else:
            if self._envoy.settings != wish.settings:
                await self._envoy.change(wish.settings)
            desk = self._open_desk(wish.table)
        desk.start(self._envoy.supervision)
        if wish != kept:
            write_whole(self._wish_file, msgspec.json.encode(wish))

    async def ready(self) -> None:
        """Returns when all of it answers.

        Raises:
            ChangeFailed: Something does not start; it says what, and why.
        """
        assert self._envoy is not None, "it was started"
        await asyncio.gather(self._envoy.ready(), until_ready(self._broker))

    def front(self) -> Front:
        """What the gateway should show now besides services."""
        return self._desk.look() if self._desk else Front()

    async def push(self, picture: Picture) -> None:
        """Tells the gateway of a picture, if there is one yet; what comes next tells it all.

        Raises:
            Rejected: It does not take it; the one before stands.
        """
        if self._envoy is not None:
            await self._envoy.push(picture)

    async def empty(self) -> None:
        """Sends the gateway's clients away: other regions have gateways too."""
        if self._envoy is not None:
            await self._envoy.empty(EMPTY_SECONDS)

    async def stop(self) -> None:
        """Ends the gateway, then the broker."""
        self._close_desk()
        if self._envoy is not None:
            await self._envoy.stop()
        await self._broker.stop()

    async def leave(self) -> None:
        """Leaves all of it running, for another to adopt."""
        self._close_desk()
        if self._envoy is not None:
            await self._envoy.leave()
        await self._broker.leave()

    def programs(self) -> Iterator[tuple[Kind, Supervision]]:
        """All of it, by what it is."""
        if self._envoy is not None:
            yield "gateway", self._envoy.supervision
        yield "broker", self._broker

    def notes(self) -> Iterator[str]:
        """What an operator should know."""
        for _, one in self.programs():
            yield from silence_notes(one.name, one.silence, monotonic())
        if self._desk is not None:
            yield from self._desk.notes

    @property
    def urls(self) -> tuple[str, str]:
        """The open door and the one with TLS; empty where there is none."""
        if self._envoy is None:
            return "", ""
        at = self._envoy.settings
        return _url("http", at.address, at.port), _url("https", at.address, at.tls_port)

    @property
    def ports(self) -> frozenset[int]:
        """Those the gateway has open: nobody else can have them."""
        if not is_running(GATEWAY, self._state):
            return frozenset()
        at = self._envoy.settings if self._envoy else self._kept().settings
        return frozenset(filter(None, (at.port, at.tls_port)))

    def _open_desk(self, table: GatewayTable) -> FrontDesk:
        self._close_desk()
        self._desk = FrontDesk(self._state, table, self._clock, self._tell)
        return self._desk

    def _close_desk(self) -> None:
        if self._desk is not None:
            self._desk.stop()

    def _kept(self) -> GatewayWish:
        """How the gateway that runs was begun."""
        try:
            return msgspec.json.decode(self._wish_file.read_bytes(), type=GatewayWish)
        except (FileNotFoundError, msgspec.MsgspecError):
            return GatewayWish()

    @property
    def _wish_file(self) -> Path:
        return self._state.envoy / "wish.json"


async def until_ready(one: Supervision) -> None:
    """Returns when it is.

    Raises:
        ChangeFailed: It does not start; its last words say why.
    """
    if await one.until("ready", "backing off") != "ready":
        raise ChangeFailed(f"{one.name} does not start.", *one.last_words[-WORDS_SHOWN:])


def _url(scheme: str, address: str, port: int | None) -> str:
    """As one writes it on this machine; empty without a port."""
    here = address in {"127.0.0.1", "::1", "0.0.0.0", "::"}  # noqa: S104 - read, not bound
    host = "localhost" if here else f"[{address}]" if ":" in address else address
    return f"{scheme}://{host}:{port}" if port else ""
