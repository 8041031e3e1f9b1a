"""What the head calls where a region has a process of its own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from hanse.fleet.control.choices import Moved
from hanse.fleet.control.hosts.rollout import CannotNow
from hanse.fleet.control.hosts.wanted import Wanted
from hanse.fleet.control.region.api import (
    HostStatus,
    RegionControl,
    RegionRefused,
    RegionStatus,
    RegionWish,
    Step,
)
from hanse.fleet.control.region.local_region import LocalRegion
from hanse.fleet.control.staging.api import Order
from hanse.fleet.control.turns import EXPECTED, Turns, problems_of
from hanse.runtime.contract.service import Service
from hanse.runtime.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    T = TypeVar("T")


class RegionService(Service, RegionControl):
    """Passes on what is asked, one change after the other, and answers when it is done.

    A change goes on where whoever asked for it dies: the next head asks for the same again.
    """

    def __init__(self, region: LocalRegion, turns: Turns) -> None:
        self._region = region
        self._turns = turns
        self._ending: asyncio.Future[None] | None = None

    async def open(self, wish: RegionWish) -> None:
        await self._done("opening", lambda: self._region.open(wish))

    async def ready(self) -> None:
        await self._done("starting", self._region.ready)

    async def bring(self, wanted: tuple[Wanted, ...], anew: tuple[str, ...]) -> None:
        await self._done("changing", lambda: self._region.bring(wanted, anew))

    async def end(self, names: tuple[str, ...]) -> None:
        await self._done("ending what is left over", lambda: self._region.end(names))

    async def step(self, order: Order, step: Step) -> None:
        first = step == "go_back"
        await self._done(
            f"{step} {order.deployment}", lambda: self._region.step(order, step), first=first
        )

    async def share(self, deployment: str, canary: float, twin: float) -> None:
        await self._region.share(deployment, canary, twin)

    async def hosts(self) -> tuple[HostStatus, ...]:
        return await self._region.hosts()

    async def blocked(self) -> tuple[Moved, ...]:
        return await self._region.blocked()

    async def status(self) -> RegionStatus:
        return await self._region.status()

    async def drain(self, drained: bool) -> None:  # noqa: FBT001 - a field of its request
        await self._done("draining", lambda: self._region.drain(drained=drained))

    async def stop(self) -> None:
        if self._ending is None:  # instead of whatever is done or waits
            self._ending = asyncio.get_running_loop().create_future()
            self._turns.instead("ending", self._stop)
        await asyncio.shield(self._ending)

    async def _stop(self) -> None:
        ending, self._ending = self._ending, None
        assert ending is not None, "somebody asked for it"
        try:
            await self._region.stop()
        except BaseException as error:
            ending.set_exception(error)
            raise
        ending.set_result(None)

    async def _done(self, what: str, work: Callable[[], Awaitable[T]], *, first: bool = False) -> T:
        try:
            return await self._turns.wait_for(what, work, first=first)
        except CannotNow as error:
            raise Unavailable(" ".join(error.problems)) from error
        except EXPECTED as error:
            raise RegionRefused("\n".join(problems_of(error))) from error
