"""Several regions: each has gateway, broker and hosts, and a control process of its own."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.control.hosts.member import settled
from hanse.fleet.control.hosts.rollout import ChangeFailed
from hanse.fleet.control.hosts.roster import read_roster
from hanse.fleet.control.hosts.wanted import Wanted
from hanse.fleet.control.region.api import HostStatus, RegionStatus
from hanse.fleet.control.regions.desired import Desired
from hanse.fleet.control.regions.region_book import keep_book, read_book
from hanse.fleet.control.regions.region_ports import ports_of
from hanse.fleet.control.regions.region_report import status_of
from hanse.fleet.control.regions.remote_region import RemoteRegion
from hanse.fleet.control.regions.shared_ground import SharedGround
from hanse.fleet.engine.process import is_running
from hanse.runtime.project.project import read_project

if TYPE_CHECKING:
    from collections.abc import Awaitable, Collection, Iterable, Mapping, Sequence
    from typing import TypeVar

    from hanse.fleet.control.api import RegionDoing
    from hanse.fleet.control.choices import Moved
    from hanse.fleet.control.looks.watch import Watch
    from hanse.fleet.control.region.api import RegionWish, Step
    from hanse.fleet.control.staging.api import Order
    from hanse.fleet.engine.supervision import Supervision
    from hanse.fleet.state import StateFolder
    from hanse.kit.clock import Clock

    T = TypeVar("T")


class ManyRegions:
    """Has each of them do its part.

    A region that does not answer is passed over: it is brought to what the others run when it does
    again.

    Args:
        state: The fleet's own state folder.
        variables: The environment.
        watch: Looks at processes.
        clock: Tells when identities end.
    """

    def __init__(
        self, state: StateFolder, variables: Mapping[str, str], watch: Watch, clock: Clock
    ) -> None:
        self._ground = SharedGround(state, clock)
        self._state = state
        self._variables = variables
        self._watch = watch
        self._book = read_book(state)
        self._regions = {name: self._made(name, self._book.wish) for name in self._book.names}
        self._behind: set[str] = set()

    # As `Regions` has it.

    @property
    def names(self) -> tuple[str, ...]:
        return self._book.names

    async def adopt(self) -> bool:
        up = self._up()
        if not any(is_running(one.name, self._state) for one in up):
            return False
        await _all(one.start() for one in up)
        await self._ground.directory()
        found = await asyncio.gather(*(one.status() for one in up))
        return all(one.settled for one in found)

    async def open(self, wish: RegionWish) -> None:
        names = tuple(f"r{number}" for number in range(1, wish.regions + 1)) or self._book.names
        regions = {name: self._regions.get(name) or self._made(name, wish) for name in names}
        self._ground.prepare(wish.project, [one.state for one in regions.values()])
        for name in [one for one in self._book.names if one not in names]:
            await self._part_with(name)
        self._note(names=names, wish=wish)
        self._regions = regions
        await _all(one.start() for one in self._up())
        first, *others = self._up()
        await self._open(first)  # alone: it makes the certificates that all gateways show
        await _all(self._open(one) for one in others)

    async def ready(self) -> None:
        await _all(one.ready() for one in self._live())
        await self._ground.lead()

    async def bring(self, wanted: Sequence[Wanted], anew: Collection[str] = ()) -> None:
        await self.ready()
        first, *others = self._live()
        before, names = _wanted_of(await first.hosts()), tuple(anew)
        await self._written(wanted, before)
        await first.bring(wanted, names)  # alone: what does not start there is tried nowhere else
        try:
            await _all(one.bring(wanted, names) for one in others)
        except ChangeFailed:
            if before:
                await self._written(before, wanted)
                await _all(one.bring(before, ()) for one in self._live())
            raise
        self._others_are_behind()

    async def step(self, order: Order, step: Step) -> None:
        desired = Desired(await self._ground.directory())
        first, *others = await self._canary_first(order)
        if step in {"begin", "take_over"}:
            await desired.claim(order)
            await first.step(order, step)
            return
        if step == "settle":  # proven in the first region, it comes to the next, a wave each
            for one in others:
                await one.step(order, "take_over")
        await _all(one.step(order, step) for one in (first, *others))
        if step in {"settle", "go_back"}:
            await desired.settle(order, after=step == "settle")
        self._others_are_behind()

    async def share(self, deployment: str, canary: float, twin: float) -> None:
        await _all(one.share(deployment, canary, twin) for one in self._live())

    async def hosts(self) -> tuple[HostStatus, ...]:
        found = await asyncio.gather(*map(_hosts_of, self._up()))
        return tuple(host for some in found for host in some)

    async def blocked(self) -> tuple[Moved, ...]:
        found = await asyncio.gather(*map(_blocked_in, self._answering()))
        return tuple({moved.unit: moved for some in found for moved in some}.values())

    async def look(self, besides: Sequence[Supervision] = ()) -> None:
        controls = [one.supervision for one in self._up()]
        self._behind |= {one.name for one in self._up() if not one.answering}
        if self._book.wish is not None:
            states = [one.state for one in self._up()]
            self._ground.entrust(self._book.wish.project, states)
        await self._watch.look([*besides, *controls], (), None)

    async def behind(self) -> tuple[str, ...]:
        return tuple(one.name for one in self._answering() if one.name in self._behind)

    async def catch_up(self, name: str) -> None:
        one = self._regions[name]
        others = [each for each in self._live() if each.name != name]
        await self._open(one)
        await one.ready()
        for each in others:
            await one.bring(_wanted_of(await each.hosts()), ())
            break
        self._behind.discard(name)

    async def status(self) -> RegionStatus:
        asked = [status_of(one, self._book, self._watch) for one in self._regions.values()]
        found = await asyncio.gather(*asked)
        shown = [one for one in found if one.url]
        return RegionStatus(
            processes=tuple(process for one in found for process in one.processes),
            url=shown[0].url if shown else "",
            tls_url=shown[0].tls_url if shown else "",
            fronts=shown[0].fronts if shown else (),
            notes=tuple(note for one in found for note in one.notes),
            regions=tuple(line for one in found for line in one.regions),
        )

    async def stop(self) -> None:
        await _all(one.stop() for one in self._up())
        await self._ground.close()

    async def leave(self) -> None:
        await _all(one.leave() for one in self._regions.values())
        await self._ground.close()

    async def have(self, name: str, doing: RegionDoing) -> None:
        one = self._regions[name]
        match doing:
            case "drain" | "resume":
                await one.drain(drained=doing == "drain")
                self._note(drained=_with(self._book.drained, name, there=doing == "drain"))
            case "start":
                self._note(down=self._book.down - {name})
                await one.start()
                await self.catch_up(name)
            case "stop":
                await one.drain(drained=True)
                self._note(down=self._book.down | {name}, drained=self._book.drained | {name})
                await one.stop()
            case "kill":  # as if its data centre had burnt down: nobody is told
                self._note(down=self._book.down | {name})
                await one.kill()

    # What helps.

    def _made(self, name: str, wish: RegionWish | None) -> RemoteRegion:
        project = wish.project if wish else ""
        return RemoteRegion(name, project, self._state, self._variables)

    def _up(self) -> list[RemoteRegion]:
        """Those that should run."""
        return [one for name, one in self._regions.items() if name not in self._book.down]

    def _live(self) -> list[RemoteRegion]:
        """Those that answer.

        Raises:
            ChangeFailed: None does.
        """
        found = self._answering()
        if not found:
            raise ChangeFailed("No region answers. Which are there: hanse regions")
        return found

    def _answering(self) -> list[RemoteRegion]:
        return [one for one in self._up() if one.answering]

    def _others_are_behind(self) -> None:
        self._behind |= {one.name for one in self._up() if not one.answering}

    def _note(self, **changed: object) -> None:
        self._book = msgspec.structs.replace(self._book, **changed)
        keep_book(self._book, self._state)

    async def _open(self, one: RemoteRegion) -> None:
        wish = self._book.wish
        assert wish is not None, "somebody wished for it"
        table = read_project(Path.cwd(), wish.environment).gateway
        ports = ports_of(table, wish, self._book.names.index(one.name))
        await one.open(msgspec.structs.replace(wish, port=ports.http, tls_port=ports.https))

    async def _part_with(self, name: str) -> None:
        if name not in self._book.down:
            await self._regions[name].drain(drained=True)
            await self._regions[name].stop()

    async def _written(self, wanted: Sequence[Wanted], instead_of: Sequence[Wanted]) -> None:
        names = {one.group.name for one in wanted}
        gone = [one.group.name for one in instead_of if one.group.name not in names]
        await Desired(await self._ground.directory()).write(wanted, gone)

    async def _canary_first(self, order: Order) -> list[RemoteRegion]:
        """Those that live; the one with the canary first, or that would have it."""
        live = self._live()
        hosts = await asyncio.gather(*map(_hosts_of, live))
        has = [any(each.record.deployment == order.deployment for each in some) for some in hosts]
        drained = [one.name in self._book.drained for one in live]
        rank = {one.name: (not mine, no) for one, mine, no in zip(live, has, drained, strict=True)}
        return sorted(live, key=lambda one: rank[one.name])


def _with(names: frozenset[str], name: str, *, there: bool) -> frozenset[str]:
    return names | {name} if there else names - {name}


async def _hosts_of(one: RemoteRegion) -> Sequence[HostStatus]:
    """What it says; where it says nothing, what was written down: they may well run."""
    with suppress(ChangeFailed):
        return [msgspec.structs.replace(each, region=one.name) for each in await one.hosts()]
    records = read_roster(one.state.roster).members
    return [
        HostStatus(record=each, answering=False, restarts=0, socket="", region=one.name)
        for each in records
    ]


async def _blocked_in(one: RemoteRegion) -> Sequence[Moved]:
    with suppress(ChangeFailed):
        return await one.blocked()
    return ()


def _wanted_of(hosts: Sequence[HostStatus]) -> list[Wanted]:
    """What would bring about these."""
    found = {
        one.group.name: Wanted(
            one.group, one.record.release, one.record.environment, one.record.local
        )
        for one in settled(hosts)
    }
    return list(found.values())


async def _all(works: Iterable[Awaitable[object]]) -> None:
    """Does all of it side by side, to its end, and says what failed first."""
    for came in await asyncio.gather(*works, return_exceptions=True):
        if isinstance(came, BaseException):
            raise came
