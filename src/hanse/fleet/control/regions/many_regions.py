"""Several regions: each has gateway, broker and hosts, and a control process of its own."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hanse.fleet.control.hosts.rollout import CannotNow, ChangeFailed
from hanse.fleet.control.region.api import HostStatus, RegionStatus
from hanse.fleet.control.regions.desired import Desired
from hanse.fleet.control.regions.missed import missed, wanted_of
from hanse.fleet.control.regions.region_report import status_of
from hanse.fleet.control.regions.region_set import RegionSet
from hanse.fleet.control.regions.remote_region import RemoteRegion
from hanse.fleet.control.regions.shared_ground import SharedGround
from hanse.kit.clock import monotonic
from hanse.runtime.project.project import read_project

if TYPE_CHECKING:
    from collections.abc import Awaitable, Collection, Iterable, Mapping, Sequence
    from typing import TypeVar

    from hanse.fleet.control.api import RegionDoing
    from hanse.fleet.control.choices import Moved
    from hanse.fleet.control.hosts.wanted import Wanted
    from hanse.fleet.control.looks.watch import Watch
    from hanse.fleet.control.region.api import RegionWish, Step
    from hanse.fleet.control.staging.api import Order
    from hanse.fleet.engine.supervision import Supervision
    from hanse.fleet.state import StateFolder
    from hanse.kit.clock import Clock

    T = TypeVar("T")


RETRY_SECONDS = 30.0
"""Until a region that cannot be brought to what the others run is tried again."""


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
        self._set = RegionSet(state, variables)
        self._watch = watch
        self._behind: set[str] = set()
        self._next_try: dict[str, float] = {}

    # As `Regions` has it.

    @property
    def names(self) -> tuple[str, ...]:
        return self._set.book.names

    async def adopt(self) -> bool:
        up = self._set.up()
        if not any(one.runs for one in up):
            return False
        self._behind = {one.name for one in up}  # nobody knows what they missed
        await self._set.start(up)
        await self._ground.directory()
        await self._set.end_the_down()
        found = await asyncio.gather(*(status_of(one, self._set.book, self._watch) for one in up))
        return all(one.settled for one in found)

    async def open(self, wish: RegionWish) -> None:
        if read_project(Path.cwd(), wish.environment).gateway.acme is not None:
            raise ChangeFailed(
                "[gateway.acme] and regions do not go together yet: whoever proves a name may be "
                "asked at another region's gateway. Give certificate and key in [gateway]."
            )
        names = tuple(f"r{number}" for number in range(1, wish.regions + 1)) or self._set.book.names
        regions = {name: self._set.all.get(name) or self._set.made(name, wish) for name in names}
        self._ground.prepare(wish.project, [one.state for one in regions.values()])
        for name in [one for one in self._set.book.names if one not in names]:
            await self._set.part_with(name)
        self._set.note(names=names, wish=wish)
        self._set.all = regions
        await self._set.start(self._set.up())
        await self._set.end_the_down()
        first, *others = self._set.live()
        await self._set.open(first)  # alone: it makes the certificates that all gateways show
        await _all(self._set.open(one) for one in others)

    async def ready(self) -> None:
        await _all(one.ready() for one in self._set.live())
        await self._ground.lead()

    async def bring(self, wanted: Sequence[Wanted], anew: Collection[str] = ()) -> None:
        await self.ready()
        first, *others = self._set.live()
        before, names = wanted_of(await first.hosts()), tuple(anew)
        await self._written(wanted, before)
        try:
            await first.bring(wanted, names)  # alone: what does not start there starts nowhere
            await _all(one.bring(wanted, names) for one in others)
        except ChangeFailed:
            if before:
                with suppress(ChangeFailed):  # who cannot go back now is behind
                    await _all(one.bring(before, ()) for one in self._set.live())
                await self._written(before, wanted)
            raise
        self._others_are_behind()

    async def step(self, order: Order, step: Step) -> None:
        desired = Desired(await self._ground.directory())
        first, *others = await self._canary_first(order)
        if step in {"begin", "take_over"}:
            await (_or_refused(desired.claim(order)) if step == "begin" else desired.claim(order))
            await first.step(order, step)
            return
        if step == "settle":  # proven in the first region, it comes to the next, a wave each
            await self._check_there(order)
            for one in (first, *others):
                await one.step(order, "take_over")
        await _all(one.step(order, step) for one in (first, *others))
        if step in {"settle", "go_back"}:
            await desired.settle(order, after=step == "settle")
        self._others_are_behind()

    async def share(self, deployment: str, canary: float, twin: float) -> None:
        mine = {one.region for one in await self.hosts() if one.record.deployment == deployment}
        await _all(
            one.share(deployment, canary, twin) for one in self._set.live() if one.name in mine
        )

    async def hosts(self) -> tuple[HostStatus, ...]:
        found = await asyncio.gather(*(one.known_hosts() for one in self._set.up()))
        return tuple(host for some in found for host in some)

    async def blocked(self) -> tuple[Moved, ...]:
        found = await asyncio.gather(*map(_blocked_in, self._set.answering()))
        return tuple({moved.unit: moved for some in found for moved in some}.values())

    async def look(self, besides: Sequence[Supervision] = ()) -> None:
        controls = [one.supervision for one in self._set.up()]
        self._others_are_behind()
        self._entrust()
        await self._watch.look([*besides, *controls], (), None)

    async def behind(self) -> tuple[str, ...]:
        now = monotonic()
        return tuple(
            one.name
            for one in self._set.answering()
            if one.name in self._behind and self._next_try.get(one.name, now) <= now
        )

    async def catch_up(self, name: str) -> None:
        self._next_try[name] = monotonic() + RETRY_SECONDS
        one = self._set.all[name]
        await self._set.open(one)
        await self.ready()
        own = await one.hosts()
        others = [each for each in await self.hosts() if each.region != name]
        found = missed(own, others, Desired(await self._ground.directory()))
        await one.end(found.left_over)
        if not found.wanted:
            raise ChangeFailed(f"Nobody knows what {name} should run. To say so: hanse up")
        await one.bring(found.wanted, ())
        self._behind.discard(name)

    async def status(self) -> RegionStatus:
        asked = [status_of(one, self._set.book, self._watch) for one in self._set.all.values()]
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
        await _all(one.stop() for one in self._set.all.values() if one.runs)
        await self._ground.close()

    async def leave(self) -> None:
        await _all(one.leave() for one in self._set.all.values())
        await self._ground.close()

    async def have(self, name: str, doing: RegionDoing) -> None:
        one = self._set.all[name]
        if doing in {"drain", "stop"}:
            self._set.check_others(name)
        match doing:
            case "drain" | "resume":
                await one.drain(drained=doing == "drain")
                self._set.note(drained=_with(self._set.book.drained, name, there=doing == "drain"))
            case "start":
                self._set.note(down=self._set.book.down - {name})
                self._entrust()  # it may have been down for longer than its authority lasts
                await one.start()
                await self.catch_up(name)
            case "stop":
                await one.drain(drained=True)
                self._set.note(
                    down=self._set.book.down | {name}, drained=self._set.book.drained | {name}
                )
                await one.stop()
            case "kill":  # as if its data centre had burnt down: nobody is told
                self._set.note(down=self._set.book.down | {name})
                await one.kill()

    # What helps.

    def _entrust(self) -> None:
        """Gives those that should run authorities that last."""
        if self._set.book.wish is not None:
            states = [one.state for one in self._set.up()]
            self._ground.entrust(self._set.book.wish.project, states)

    def _others_are_behind(self) -> None:
        self._behind |= {one.name for one in self._set.up() if not one.answering}

    async def _check_there(self, order: Order) -> None:
        """Nothing is settled while a region that has hosts of it says nothing.

        Raises:
            CannotNow: One does not.
        """
        live = {one.name for one in self._set.answering()}
        has = {
            one.region for one in await self.hosts() if one.record.deployment == order.deployment
        }
        if missing := has - live:
            raise CannotNow(f"{', '.join(sorted(missing))} does not answer.")

    async def _written(self, wanted: Sequence[Wanted], instead_of: Sequence[Wanted]) -> None:
        names = {one.group.name for one in wanted}
        gone = [one.group.name for one in instead_of if one.group.name not in names]
        await Desired(await self._ground.directory()).write(wanted, gone)

    async def _canary_first(self, order: Order) -> list[RemoteRegion]:
        """Those that live; the one with the canary first, or that would have it."""
        live = self._set.live()
        hosts = await asyncio.gather(*(one.known_hosts() for one in live))
        has = [any(each.record.deployment == order.deployment for each in some) for some in hosts]
        drained = [one.name in self._set.book.drained for one in live]
        rank = {one.name: (not mine, no) for one, mine, no in zip(live, has, drained, strict=True)}
        return sorted(live, key=lambda one: rank[one.name])


def _with(names: frozenset[str], name: str, *, there: bool) -> frozenset[str]:
    return names | {name} if there else names - {name}


async def _blocked_in(one: RemoteRegion) -> Sequence[Moved]:
    with suppress(ChangeFailed):
        return await one.blocked()
    return ()


async def _or_refused(work: Awaitable[None]) -> None:
    """Nobody waits for what is not begun yet.

    Raises:
        ChangeFailed: It cannot be just now.
    """
    try:
        await work
    except CannotNow as error:
        raise ChangeFailed(*error.problems) from error


async def _all(works: Iterable[Awaitable[object]]) -> None:
    """Does all of it side by side, to its end, and says what failed first."""
    for came in await asyncio.gather(*works, return_exceptions=True):
        if isinstance(came, BaseException):
            raise came
