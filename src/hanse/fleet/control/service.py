"""What the command line calls: the control process's own service."""

from __future__ import annotations

from hanse.fleet.control.api import Asked, CannotOpen, Control, FleetStatus, RegionDoing
from hanse.fleet.control.fleet import Fleet
from hanse.fleet.control.hosts.rollout import ChangeFailed
from hanse.runtime.contract.service import Service


class ControlService(Service, Control):
    """Passes on what is asked; the fleet does it at its own pace."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    async def status(self) -> FleetStatus:
        return await self._fleet.status()

    async def apply(self, asked: Asked) -> None:
        self._fleet.ask(asked)

    async def restart(self, names: tuple[str, ...]) -> None:
        await self._fleet.restart(names)

    async def stop(self) -> None:
        self._fleet.stop()

    async def region(self, name: str, doing: RegionDoing) -> None:
        self._fleet.region(name, doing)

    async def open_deployer(self) -> None:
        try:
            await self._fleet.open_deployer()
        except ChangeFailed as error:
            raise CannotOpen("\n".join(error.problems)) from error

    async def back_up(self, request: str) -> None:
        self._fleet.back_up(request)
