"""Several regions: each has gateway, broker and hosts, and a control process of its own."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hanse.fleet.control.hosts.rollout import ChangeFailed
from hanse.fleet.control.region.api import HostStatus, RegionStatus
from hanse.fleet.control.regions.behind import Behind
from hanse.fleet.control.regions.bringing import Bringing, together
from hanse.fleet.control.regions.desired import Desired
from hanse.fleet.control.regions.missed import missed
from hanse.fleet.control.regions.region_ports import ports_of
from hanse.fleet.control.regions.region_report import status_of
from hanse.fleet.control.regions.waves import Waves
from hanse.runtime.project.project import read_project

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from hanse.fleet.control.api import RegionDoing
    from hanse.fleet.control.choices import Moved
    from hanse.fleet.control.hosts.wanted import Wanted
    from hanse.fleet.control.looks.watch import Watch
    from hanse.fleet.control.region.api import RegionWish, Step
    from hanse.fleet.control.regions.region import Region
    from hanse.fleet.control.regions.region_set import RegionSet
    from hanse.fleet.control.regions.shared_ground import Ground
    from hanse.fleet.control.staging.api import Order
    from hanse.fleet.engine.supervision import Supervision


class ManyRegions:
    """Has each of them do its part.

    A region that does not answer is passed over: it is brought to what the others run when it does
    again.

    Args:
        regions: Those there are.
        ground: What they stand on together.
        watch: Looks at processes.
    """

    def __init__(self, regions: RegionSet, ground: Ground, watch: Watch) -> None:
        self._set = regions
        self._ground = ground
        self._watch = watch
        self._behind = Behind()
        self._bringing = Bringing(regions, ground, self._behind)
        self._waves = Waves(regions, ground, self._behind)

    # As `Regions` has it.

    @property
    def names(self) -> tuple[str, ...]:
        return self._set.book.names

    async def adopt(self) -> bool:
        up = self._set.up()
        if not any(one.runs for one in up):
            return False
        self._behind.add(*(one.name for one in up))  # nobody knows what they missed
        self._entrust()
        await self._set.start(up)
        await self._ground.directory()
        await self._set.end_the_down()
        # What was broken off is gone on with by the book: only where nothing was ever brought
        # about is there a reason to build.
        return bool(await self._set.hosts())

    async def open(self, wish: RegionWish) -> None:
        names = tuple(f"r{number}" for number in range(1, wish.regions + 1)) or self._set.book.names
        check_gateway(wish, names)
        regions = {name: self._set.all.get(name) or self._set.made(name, wish) for name in names}
        states = [one.state for one in regions.values()]
        running = any(one.runs for one in self._set.all.values())
        self._ground.check(states, running=running)  # before any ends that is to stay
        for name in [one for one in self._set.book.names if one not in names]:
            await self._set.part_with(name)
        self._ground.prepare(wish.project, states)
        self._set.note(names=names, wish=wish, down=self._set.book.down & set(names))
        self._set.all = regions
        await self._set.start(self._set.up())
        await self._set.end_the_down()
        first, *others = self._set.live()
        await self._set.open(first)  # alone: it makes the certificates that all gateways show
        await together(self._set.open(one) for one in others)

    async def ready(self) -> None:
        await together(one.ready() for one in self._set.live())
        await self._ground.lead()

    async def bring(self, wanted: Sequence[Wanted], anew: Collection[str] = ()) -> None:
        await self.ready()
        await self._bringing.bring(wanted, anew)
        self._behind.look(self._set.up())

    async def step(self, order: Order, step: Step) -> None:
        if step == "begin":
            await self._bringing.finish()
        await self._waves.step(order, step)

    async def wave(self, order: Order, judged: str) -> str:
        return await self._waves.wave(order, judged)

    async def share(self, deployment: str, canary: float, twin: float) -> None:
        mine = {one.region for one in await self.hosts() if one.record.deployment == deployment}
        await together(
            one.share(deployment, canary, twin) for one in self._set.live() if one.name in mine
        )

    async def hosts(self) -> tuple[HostStatus, ...]:
        return await self._set.hosts()

    async def blocked(self) -> tuple[Moved, ...]:
        found = await asyncio.gather(*map(_blocked_in, self._set.answering()))
        return tuple({moved.unit: moved for some in found for moved in some}.values())

    async def look(self, besides: Sequence[Supervision] = ()) -> None:
        controls = [one.supervision for one in self._set.up()]
        self._behind.look(self._set.up())
        self._entrust()
        await self._watch.look([*besides, *controls], (), None)

    async def behind(self) -> tuple[str, ...]:
        return self._behind.due(self._set.answering())

    async def catch_up(self, name: str) -> None:
        try:
            await self._catch_up(self._set.all[name])
        except BaseException:
            self._behind.put_off(name)
            raise
        self._behind.caught_up(name)

    async def _catch_up(self, one: Region) -> None:
        await self._set.open(one)
        if self._set.book.change is not None:
            await self.ready()  # all have their part in what is gone on with
        await one.ready()
        await self._ground.lead()
        await self._bringing.finish()
        own = await one.hosts()
        others = [each for each in await self.hosts() if each.region != one.name]
        found = missed(own, others, Desired(await self._ground.directory()))
        await one.end(found.left_over)
        if not found.wanted:
            raise ChangeFailed(f"Nobody knows what {one.name} should run. To say so: hanse up")
        await one.bring(found.wanted, ())

    async def status(self) -> RegionStatus:
        asked = [status_of(one, self._set.book, self._watch) for one in self._set.all.values()]
        found = await asyncio.gather(*asked)
        shown = [one for one in found if one.url]
        return RegionStatus(
            processes=tuple(process for one in found for process in one.processes),
            url=shown[0].url if shown else "",
            tls_url=shown[0].tls_url if shown else "",
            fronts=shown[0].fronts if shown else (),
            notes=(*(note for one in found for note in one.notes), *self._notes()),
            regions=tuple(line for one in found for line in one.regions),
        )

    async def stop(self) -> None:
        await together(one.stop() for one in self._set.all.values() if one.runs)
        self._set.note(change=None)
        await self._ground.close()

    async def leave(self) -> None:
        await together(one.leave() for one in self._set.all.values())
        await self._ground.close()

    async def have(self, name: str, doing: RegionDoing) -> None:
        one = self._set.all[name]
        if doing in {"drain", "stop"}:
            await self._set.check_others(name)
        match doing:
            case "drain" | "resume":
                await one.drain(drained=doing == "drain")
            case "start":
                self._set.note(down=self._set.book.down - {name})
                self._entrust()  # it may have been down for longer than its authority lasts
                await one.start()
                await self.catch_up(name)
            case "stop":
                await one.drain(drained=True)
                self._set.note(down=self._set.book.down | {name})
                await one.stop()
            case "kill":  # as if its data centre had burnt down: nobody is told
                self._set.note(down=self._set.book.down | {name})
                await one.kill()

    # What helps.

    def _notes(self) -> Iterator[str]:
        for one in self._set.answering():
            if one.name in self._behind:
                yield f"{one.name} may have missed something; it is brought to what the others run."

    def _entrust(self) -> None:
        """Gives those that should run authorities that last."""
        if self._set.book.wish is not None:
            states = [one.state for one in self._set.up()]
            self._ground.entrust(self._set.book.wish.project, states)


def check_gateway(wish: RegionWish, names: Sequence[str]) -> None:
    """Looks whether gateways of regions can be as `[gateway]` says, before anything is changed.

    Raises:
        ChangeFailed: They cannot.
    """
    table = read_project(Path.cwd(), wish.environment).gateway
    if table.acme is not None:
        raise ChangeFailed(
            "[gateway.acme] and regions do not go together yet: whoever proves a name may be "
            "asked at another region's gateway. Give certificate and key in [gateway]."
        )
    ports_of(table, wish, names)


async def _blocked_in(one: Region) -> Sequence[Moved]:
    with suppress(ChangeFailed):
        return await one.blocked()
    return ()
