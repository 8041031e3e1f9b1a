"""What the head calls where a region has a process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from hanse.fleet.control.choices import Moved
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

    async def open(self, wish: RegionWish) -> None:
        await self._done("opening", lambda: self._region.open(wish))

    async def ready(self) -> None:
        await self._done("starting", self._region.ready)

    async def bring(self, wanted: tuple[Wanted, ...], anew: tuple[str, ...]) -> None:
        await self._done("changing", lambda: self._region.bring(wanted, anew))

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
        await self._region.stop()

    async def _done(self, what: str, work: Callable[[], Awaitable[T]], *, first: bool = False) -> T:
        try:
            return await self._turns.wait_for(what, work, first=first)
        except EXPECTED as error:
            raise RegionRefused("\n".join(problems_of(error))) from error
