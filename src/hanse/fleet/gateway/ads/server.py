"""Envoy's control plane: pushes pictures to every Envoy that is connected, or takes them back."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, NamedTuple

import grpc

from hanse.fleet.gateway import xds
from hanse.fleet.gateway.ads.stream import Refusal, Stream
from hanse.fleet.gateway.picture import Picture
from hanse.fleet.gateway.resources import Resources, Snapshot
from hanse.fleet.gateway.settings import GatewaySettings
from hanse.kit.clock import monotonic, wait_set

ANSWER_SECONDS = 10.0
"""For an Envoy that has not all of a push to say anything; cut off, it comes back by itself."""

ENVOYS_MAX = 16
MESSAGE_BYTES_MAX = 64 * 1024 * 1024
REFUSALS_KEPT = 16

log = logging.getLogger("hanse.gateway")


class Rejected(Exception):
    """An Envoy does not take a picture; the one before is back. The words are Envoy's."""


class Applied(NamedTuple):
    """How a push went.

    Attributes:
        envoys: Those that have taken all of it.
        cut: Those that did not answer in time and were disconnected.
    """

    envoys: int
    cut: int


class Ads:
    """Holds what all Envoys are to be told, and tells them.

    Args:
        settings: The gateway's.
        answer_seconds: How long an Envoy may be silent during a push.

    Attributes:
        refusals: What Envoys did not take of what stands, newest last; empty if all is well.
    """

    def __init__(self, settings: GatewaySettings, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._resources = Resources(settings)
        self._answer_seconds = answer_seconds
        self._target: Snapshot | None = None
        self._trial: _Trial | None = None
        self._streams: set[_Connected] = set()
        self._pushing = asyncio.Lock()
        self._progress = asyncio.Event()
        self._server: Any = None
        self.refusals: list[str] = []

    async def start(self, socket: Path | str) -> None:
        """Listens on a Unix socket that only this user may open.

        Raises:
            OSError: The socket cannot be made.
        """
        unbounded = [("grpc.max_receive_message_length", MESSAGE_BYTES_MAX)]
        server = grpc.aio.server(options=unbounded, maximum_concurrent_rpcs=ENVOYS_MAX)
        server.add_generic_rpc_handlers((_Handler(self._converse),))
        try:
            server.add_insecure_port(f"unix:{socket}")
        except RuntimeError as error:
            raise OSError(f"{socket} cannot be listened on; remove what is there.") from error
        await server.start()
        os.chmod(socket, 0o600)  # noqa: PTH101  pathlib's is not for coroutines
        self._server = server

    async def stop(self) -> None:
        """Ends all conversations; Envoys go on with what they have, and ask again."""
        if self._server is not None:
            await self._server.stop(0)
            self._server = None

    @property
    def envoys(self) -> int:
        """Those connected now."""
        return len(self._streams)

    async def push(self, picture: Picture) -> Applied:
        """Tells all Envoys of a picture, and returns when each has taken it.

        Raises:
            Rejected: One of them does not; the picture before stands again.
            ValueError: Two services want the same first segment; nobody was told.
        """
        async with self._pushing:
            target = self._resources.of(picture)
            trial = self._trial = _Trial(self._target, target)
            self.refusals.clear()
            self._aim(target)
            try:
                cut = await self._all_settle()
            finally:
                self._trial = None
            if trial.words:
                raise Rejected(trial.words)
            return Applied(len(self._streams), cut)

    async def wait_for_envoys(self, number: int = 1, seconds: float = ANSWER_SECONDS) -> None:
        """Returns when so many Envoys are connected and have all there is.

        Raises:
            TimeoutError: They have not in that time.
        """
        await self._until(lambda: self._settled() >= number, seconds)

    def _aim(self, target: Snapshot | None) -> None:
        self._target = target
        for one in self._streams:
            one.stream.refuses_nothing()
            one.wake.set()

    async def _all_settle(self) -> int:
        """Waits for all Envoys, as long as they say anything; returns how many were cut off."""
        began, cut = monotonic(), 0
        while waiting := [one for one in self._streams if not self._has_all(one)]:
            ends = {one: max(one.heard_at, began) + self._answer_seconds for one in waiting}
            now = monotonic()
            for one in (one for one in waiting if ends[one] <= now):
                self._cut_off(one)
                cut += 1
            self._progress.clear()
            await wait_set(self._progress, max(min(ends.values()) - now, 0))
        return cut

    def _cut_off(self, one: _Connected) -> None:
        log.warning("An Envoy did not answer in %g s and is cut off.", self._answer_seconds)
        self._streams.discard(one)
        one.cut.set()

    async def _until(self, reached: Callable[[], bool], seconds: float) -> None:
        async with asyncio.timeout(seconds):
            while not reached():
                self._progress.clear()
                await self._progress.wait()

    def _settled(self) -> int:
        return sum(map(self._has_all, self._streams))

    def _has_all(self, one: _Connected) -> bool:
        return self._target is not None and one.stream.settled(self._target)

    async def _converse(self, asks: AsyncIterator[bytes], context: Any) -> None:
        """One Envoy, as long as it is connected and answers."""
        one = _Connected()
        self._streams.add(one)
        sides = [
            asyncio.create_task(self._hear(one, asks)),
            asyncio.create_task(self._speak(one, context)),
            asyncio.create_task(one.cut.wait()),
        ]
        try:
            # Left by returning: a cancelled conversation would stay open at the other end.
            ended, _ = await asyncio.wait(sides, return_when=asyncio.FIRST_COMPLETED)
            for side in ended:
                side.result()
        finally:
            for side in sides:
                side.cancel()
            self._streams.discard(one)
            self._progress.set()

    async def _speak(self, one: _Connected, context: Any) -> None:
        while True:
            await one.wake.wait()
            one.wake.clear()
            for answer in one.stream.answers(self._target) if self._target else ():
                await context.write(xds.write_answer(answer))

    async def _hear(self, one: _Connected, asks: AsyncIterator[bytes]) -> None:
        async for data in asks:
            one.heard_at = monotonic()
            refusal = one.stream.hear(xds.read_ask(data))
            if refusal is not None:
                self._take_refusal(refusal)
            one.wake.set()
            self._progress.set()

    def _take_refusal(self, refusal: Refusal) -> None:
        """Takes the trial back that caused it, before anything else is sent."""
        log.error("Envoy refuses what it is told: %s", refusal)
        trial = self._trial
        if trial is None or trial.words or not trial.is_to_blame(refusal):
            self.refusals = [*self.refusals, str(refusal)][-REFUSALS_KEPT:]
            return
        trial.words = str(refusal)
        if trial.before is not None:  # once: what stood before may be refused by now as well
            self._aim(trial.before)


class _Trial:
    """A push under way: what stood before it, and what an Envoy says against it."""

    __slots__ = ("before", "target", "words")

    def __init__(self, before: Snapshot | None, target: Snapshot) -> None:
        self.before = before
        self.target = target
        self.words = ""

    def is_to_blame(self, refusal: Refusal) -> bool:
        """Whether it changed any of what is refused; what was there before is not its fault."""
        before = (self.before or {}).get(refusal.kind, {})
        now = self.target.get(refusal.kind, {})
        return any(before.get(name) != now.get(name) for name in refusal.names)


class _Connected:
    """One Envoy's stream.

    Attributes:
        heard_at: When it last said anything.
        wake: Set when there may be something to say.
        cut: Set to end it.
    """

    __slots__ = ("cut", "heard_at", "stream", "wake")

    def __init__(self) -> None:
        self.stream = Stream()
        self.heard_at = monotonic()
        self.wake = asyncio.Event()
        self.cut = asyncio.Event()


class _Handler(grpc.GenericRpcHandler):
    """The only method there is; its messages stay bytes, `xds` reads and writes them."""

    def __init__(self, converse: Callable[[AsyncIterator[bytes], Any], Any]) -> None:
        self._converse: Any = grpc.stream_stream_rpc_method_handler(converse)

    def service(self, handler_call_details: Any) -> Any:
        return self._converse if handler_call_details.method == xds.METHOD else None
