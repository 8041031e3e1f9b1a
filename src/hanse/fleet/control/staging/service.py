"""What deployments call: the control process's service for them."""

from __future__ import annotations

from hanse.fleet.control.staging.api import Instance, Order, Proposal, Staging
from hanse.fleet.control.staging.desk import StagingDesk
from hanse.runtime.contract.service import Service


class StagingService(Service, Staging):
    """Passes on what is asked, and answers when it is done."""

    def __init__(self, desk: StagingDesk) -> None:
        self._desk = desk

    async def propose(self, names: tuple[str, ...]) -> Proposal:
        return await self._desk.propose(names)

    async def stage(self, order: Order) -> None:
        await self._desk.step(order, "begin")

    async def share(self, deployment: str, canary: float, twin: float) -> None:
        await self._desk.share(deployment, canary, twin)

    async def take_over(self, order: Order) -> None:
        await self._desk.step(order, "take_over")

    async def wave(self, order: Order, judged: str = "") -> str:
        return await self._desk.wave(order, judged)

    async def settle(self, order: Order) -> None:
        await self._desk.step(order, "settle")

    async def cool(self, order: Order) -> tuple[str, ...]:
        return await self._desk.cool(order)

    async def go_back(self, order: Order) -> None:
        await self._desk.step(order, "go_back")

    async def instances(self) -> tuple[Instance, ...]:
        return await self._desk.instances()
