"""The gateway's process, supervised and steered."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from hanse.fleet.control.hosts.rollout import WORDS_SHOWN, ChangeFailed
from hanse.fleet.control.looks.scrape import (
    answers,
    gateway_connections,
    lets_nobody_in,
    speaks,
)
from hanse.fleet.control.region.gateway_settings import GATEWAY
from hanse.fleet.engine.care import Care
from hanse.fleet.engine.program import Program, surroundings
from hanse.fleet.engine.supervision import Supervision
from hanse.fleet.gateway.ads.server import Ads
from hanse.fleet.gateway.bootstrap import bootstrap_text, command
from hanse.fleet.gateway.picture import Picture
from hanse.fleet.state import write_whole
from hanse.kit.clock import monotonic, wait_set

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hanse.fleet.gateway.settings import GatewaySettings
    from hanse.fleet.state import StateFolder

GRACE_SECONDS = 3.0
LOOK_SECONDS = 0.05


class Envoy:
    """One Envoy, and its control plane.

    Args:
        state: The project's state folder.
        settings: What Envoy is told besides pictures.
        variables: The environment.
    """

    def __init__(
        self, state: StateFolder, settings: GatewaySettings, variables: Mapping[str, str]
    ) -> None:
        self._state = state
        self._variables = variables
        self.settings = settings
        self._ads = Ads(settings)
        self._picture = Picture(())
        care = Care(probe=self._is_ready, lives=self._lives)
        self.supervision = Supervision(self._program(), state, care)

    async def start(self, picture: Picture) -> None:
        """Begins with a picture: Envoy is ready when it has taken it.

        Raises:
            OSError: Its control plane cannot listen.
        """
        await self._steer(picture)
        self.supervision.start()

    async def change(self, settings: GatewaySettings) -> None:
        """Listens elsewhere or bounds otherwise, without an end of what is open.

        Raises:
            ChangeFailed: Envoy does not take it, like a port that is taken; all is as it was.
        """
        before = self.settings
        await self._settle(settings)
        if self._ads.refusals:
            said = _with_remedy(self._ads.refusals)
            await self._settle(before)
            raise ChangeFailed("The gateway does not take its new settings.", *said)

    async def _settle(self, settings: GatewaySettings) -> None:
        await self._ads.stop()
        self.settings = settings
        self._ads = Ads(settings)
        self.supervision.program = (
            self._program()
        )  # what Envoy reads once counts from its next start
        await self._steer(self._picture)
        with suppress(TimeoutError):
            await self._ads.wait_for_envoys()

    async def _steer(self, picture: Picture) -> None:
        self._picture = picture
        await self._ads.start(self._state.ads_socket)
        await self._ads.push(picture)

    def _program(self) -> Program:
        file = self._state.envoy / "bootstrap.json"
        write_whole(file, bootstrap_text(self.settings))
        return Program(
            name=GATEWAY,
            command=command(self.settings, file),
            environment=surroundings(self._variables),
            grace=GRACE_SECONDS,
        )

    async def ready(self) -> None:
        """Returns when it answers.

        Raises:
            ChangeFailed: It ends, or does not take its configuration, like a port that is taken.
        """
        never = asyncio.Event()
        while self.supervision.stage == "starting" and not self._ads.refusals:
            await wait_set(never, LOOK_SECONDS)
        said = self._ads.refusals or self.supervision.last_words[-WORDS_SHOWN:]
        if self.supervision.stage != "ready" or self._ads.refusals:
            raise ChangeFailed("The gateway does not start.", *_with_remedy(said))

    async def push(self, picture: Picture) -> None:
        """Tells it of a picture.

        Raises:
            Rejected: It does not take it; the one before stands.
        """
        await self._ads.push(picture)
        self._picture = picture

    async def empty(self, seconds: float) -> None:
        """Sends clients away, each with its next answer, as far as they ask within that time."""
        limit, never = monotonic() + seconds, asyncio.Event()
        left = await lets_nobody_in(self._state.admin_socket)
        while left and monotonic() < limit:
            left = bool(await gateway_connections(self._state.admin_socket))
            await wait_set(never, LOOK_SECONDS if left else 0)

    async def stop(self) -> None:
        """Ends it and its control plane."""
        await self.supervision.stop()
        await self._ads.stop()

    async def leave(self) -> None:
        """Leaves it running with what it has."""
        await self.supervision.leave()
        await self._ads.stop()

    async def _is_ready(self) -> bool:
        return await answers(self._state.admin_socket, "/ready")

    async def _lives(self) -> bool:
        """Its admin door is of its main thread, which takes all that it is told."""
        return await speaks(self._state.admin_socket, "/ready")


def _with_remedy(said: Iterable[str]) -> tuple[str, ...]:
    """What Envoy says, and the way out where that is known."""
    words = tuple(said)
    if any("already in use" in one for one in words):
        return (*words, "Stop what uses the port, or choose another: port, tls_port in [gateway].")
    return words
