"""What every project stands on: its database, its broker, and the gateway before its hosts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.control.ground.envoy import Envoy
from hanse.fleet.control.hosts.rollout import ChangeFailed
from hanse.fleet.gateway.picture import Picture
from hanse.fleet.gateway.settings import GatewaySettings
from hanse.fleet.state import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from hanse.fleet.control.api import Kind
    from hanse.fleet.engine.supervision import Supervision
    from hanse.fleet.state import StateFolder

OTHER_SETTINGS = (
    "The settings of [gateway] have changed since it began; they count after: hanse down, hanse up."
)


class Ground:
    """Starts it, tells how it is, ends it.

    Args:
        state: The project's state folder.
        stores: Database and broker.
        variables: The environment.
    """

    def __init__(
        self,
        state: StateFolder,
        stores: Mapping[Kind, Supervision],
        variables: Mapping[str, str],
    ) -> None:
        self._state = state
        self._stores = stores
        self._variables = variables
        self._envoy: Envoy | None = None
        self._wanted: GatewaySettings | None = None

    async def start(self, wanted: GatewaySettings | None = None) -> None:
        """Begins what does not run.

        Args:
            wanted: How the gateway should be; as it was when it began, if left out.

        Raises:
            OSError, StateError: The gateway cannot be steered or its settings not be kept.
        """
        self._wanted = wanted or self._kept()
        for supervision in self._stores.values():
            supervision.start()
        if self._envoy is None:
            write_whole(self._settings_file, msgspec.json.encode(self._wanted))
            self._envoy = Envoy(self._state, self._wanted, self._variables)
            await self._envoy.start(Picture(()))

    async def ready(self) -> None:
        """Returns when all of it answers.

        Raises:
            ChangeFailed: Something does not start; it says what, and why.
        """
        assert self._envoy is not None, "it was started"
        await asyncio.gather(self._envoy.ready(), *map(_ready, self._stores.values()))

    async def push(self, picture: Picture) -> None:
        """Tells the gateway of a picture.

        Raises:
            Rejected: It does not take it; the one before stands.
        """
        assert self._envoy is not None, "it was started"
        await self._envoy.push(picture)

    async def stop(self) -> None:
        """Ends the gateway, then what its hosts stood on."""
        if self._envoy is not None:
            await self._envoy.stop()
        await asyncio.gather(*(one.stop() for one in self._stores.values()))

    async def leave(self) -> None:
        """Leaves all of it running, for another to adopt."""
        if self._envoy is not None:
            await self._envoy.leave()
        for one in self._stores.values():
            await one.leave()

    def programs(self) -> Iterator[tuple[Kind, Supervision]]:
        """All of it, by what it is."""
        if self._envoy is not None:
            yield "gateway", self._envoy.supervision
        yield from self._stores.items()

    def notes(self) -> Iterator[str]:
        """What an operator should know."""
        if self._envoy is not None and self._envoy.settings != self._wanted:
            yield OTHER_SETTINGS

    @property
    def urls(self) -> tuple[str, str]:
        """The open door and the one with TLS; empty where there is none."""
        if self._envoy is None:
            return "", ""
        at = self._envoy.settings
        return _url("http", at.address, at.port), _url("https", at.address, at.tls_port)

    def _kept(self) -> GatewaySettings:
        """How the gateway that runs was begun."""
        try:
            return msgspec.json.decode(self._settings_file.read_bytes(), type=GatewaySettings)
        except (FileNotFoundError, msgspec.MsgspecError):
            return GatewaySettings()

    @property
    def _settings_file(self) -> Path:
        return self._state.envoy / "settings.json"


async def _ready(one: Supervision) -> None:
    if await one.until("ready", "backing off") != "ready":
        raise ChangeFailed(f"{one.name} does not start.", *one.last_words[-8:])


def _url(scheme: str, address: str, port: int | None) -> str:
    """As one writes it on this machine; empty without a port."""
    here = address in {"127.0.0.1", "::1", "0.0.0.0", "::"}  # noqa: S104 - read, not bound
    host = "localhost" if here else f"[{address}]" if ":" in address else address
    return f"{scheme}://{host}:{port}" if port else ""
