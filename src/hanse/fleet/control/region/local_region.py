"""A region in this very process."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hanse.fleet.control.api import Asked
from hanse.fleet.control.hosts.member import settled
from hanse.fleet.control.hosts.rollout import ChangeFailed
from hanse.fleet.control.hosts.told import fronts_of
from hanse.fleet.control.looks.report import process_status
from hanse.fleet.control.looks.stalls import to_be_moved
from hanse.fleet.control.looks.watch import too_heavy
from hanse.fleet.control.region.api import HostStatus, RegionStatus
from hanse.fleet.control.region.gateway_settings import GATEWAY, gateway_wish
from hanse.fleet.engine.log_file import trim_log
from hanse.runtime.project.project import read_project

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hanse.fleet.control.api import RegionDoing
    from hanse.fleet.control.choices import Moved
    from hanse.fleet.control.hosts.hosts import Hosts
    from hanse.fleet.control.hosts.wanted import Wanted
    from hanse.fleet.control.region.api import RegionWish, Step
    from hanse.fleet.control.region.ground import RegionGround
    from hanse.fleet.control.region.making import Making
    from hanse.fleet.control.staging.api import Order
    from hanse.fleet.engine.supervision import Supervision
    from hanse.fleet.state import StateFolder


class LocalRegion:
    """Gateway, broker and hosts; as all there is, or as one of several.

    Args:
        state: The region's state folder.
        ground: Gateway and broker.
        hosts: Its hosts.
        making: What it is made with.
    """

    names: Sequence[str] = ()

    def __init__(
        self, state: StateFolder, ground: RegionGround, hosts: Hosts, making: Making
    ) -> None:
        self._state = state
        self._ground = ground
        self._hosts = hosts
        self._choices = making.choices
        self._watch = making.watch
        self._turns = making.turns
        self._settled = True

    async def adopt(self) -> bool:
        self._settled = self._hosts.adopt()
        if self._hosts.members:
            await self._ground.start()
        return self._settled

    async def open(self, wish: RegionWish) -> None:
        if wish.regions and not self._state.region:
            raise ChangeFailed(
                "This fleet runs without regions. To have some, end it first: hanse down"
            )
        project = read_project(Path.cwd(), wish.environment)
        asked = Asked(port=wish.port, tls_port=wish.tls_port)
        held = self._ground.ports
        await self._ground.start(
            gateway_wish(project.gateway, asked, self._choices, held, self._state, wish.tls_first)
        )

    async def ready(self) -> None:
        await self._ground.ready()

    async def bring(self, wanted: Sequence[Wanted], anew: Collection[str] = ()) -> None:
        await self._hosts.bring(wanted, anew)
        self._settled = True

    async def end(self, names: Collection[str]) -> None:
        """Ends hosts of these names, as far as they are there.

        Raises:
            ChangeFailed: Other regions cannot be told.
        """
        await self._hosts.end(names)

    async def step(self, order: Order, step: Step) -> None:
        await getattr(self._hosts.stage(order), step)()

    async def wave(self, _order: Order, _judged: str) -> str:
        return ""  # there is no other region

    async def share(self, deployment: str, canary: float, twin: float) -> None:
        await self._hosts.share(deployment, canary, twin)

    async def drain(self, *, drained: bool) -> None:
        """Has other regions take all its requests, or no more; returns when all of them know.

        Raises:
            ChangeFailed: They cannot be told.
        """
        await self._hosts.drain(drained=drained)

    async def hosts(self) -> tuple[HostStatus, ...]:
        return tuple(
            HostStatus(
                record=one.record,
                answering=one.answering,
                restarts=one.supervision.restarts,
                socket=str(one.socket),
                overran=one.supervision.excess.ends,
            )
            for one in self._hosts.members
        )

    async def blocked(self) -> tuple[Moved, ...]:
        found = map(to_be_moved, settled(self._hosts.members))
        return tuple(one for one in found if one)

    async def look(self, besides: Sequence[Supervision] = ()) -> None:
        members = self._hosts.members
        programs = [one for _, one in self._ground.programs()]
        await self._watch.look(
            [*besides, *programs, *(one.supervision for one in members)],
            members,
            (GATEWAY, self._state.admin_socket),
        )
        if not self._watch.late:
            self._hosts.look(self._watch.silent)
        for one in too_heavy(members, self._watch):
            if not self._turns.changing:
                self._turns.begin(f"replacing {one.name}", partial(self._hosts.relieve, one))
        trim_log(self._state.log("access"))  # what Envoy writes itself, nobody else trims
        self._hosts.show(self._ground.front())

    async def have(self, name: str, doing: RegionDoing) -> None:
        raise AssertionError(f"nobody can {doing} {name}: there are no others")

    async def behind(self) -> tuple[str, ...]:
        return ()

    async def catch_up(self, name: str) -> None:
        raise AssertionError(f"{name} is never behind: there is no other")

    async def status(self) -> RegionStatus:
        members = self._hosts.members
        ground = [process_status(one, self._watch, kind) for kind, one in self._ground.programs()]
        hosts = [process_status(one.supervision, self._watch, "host", one) for one in members]
        url, tls_url = self._ground.urls
        return RegionStatus(
            processes=(*hosts, *ground),
            url=url,
            tls_url=tls_url,
            fronts=fronts_of(members),
            notes=(*self._hosts.notes(), *self._ground.notes()),
            settled=self._settled,
            drained=self._hosts.drained,
        )

    async def stop(self) -> None:
        if self._hosts.drained:
            await self._ground.empty()
        await self._hosts.stop()
        await self._ground.stop()

    async def leave(self) -> None:
        self._watch.leave()
        await self._hosts.leave()
        await self._ground.leave()
