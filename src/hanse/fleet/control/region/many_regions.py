"""Several regions: each has gateway, broker and hosts, and a control process of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.control.hosts.member import settled
from hanse.fleet.control.hosts.rollout import ChangeFailed
from hanse.fleet.control.hosts.roster import read_roster
from hanse.fleet.control.hosts.wanted import Wanted
from hanse.fleet.control.looks.report import process_status
from hanse.fleet.control.region.api import HostStatus, RegionStatus
from hanse.fleet.control.region.region_book import keep_book, read_book
from hanse.fleet.control.region.region_ports import ports_of
from hanse.fleet.control.region.remote_region import RemoteRegion
from hanse.fleet.engine.process import is_running
from hanse.runtime.project.project import read_project

if TYPE_CHECKING:
    from collections.abc import Awaitable, Collection, Iterable, Mapping, Sequence
    from typing import TypeVar

    from hanse.fleet.control.api import ProcessStatus
    from hanse.fleet.control.choices import Moved
    from hanse.fleet.control.looks.watch import Watch
    from hanse.fleet.control.region.api import RegionWish, Step
    from hanse.fleet.control.staging.api import Order
    from hanse.fleet.engine.supervision import Supervision
    from hanse.fleet.state import StateFolder

    T = TypeVar("T")


class ManyRegions:
    """Has each of them do its part.

    A region that does not answer is passed over: it is brought to what the others run when it does
    again.

    Args:
        state: The fleet's own state folder.
        variables: The environment.
        watch: Looks at processes.
    """

    def __init__(self, state: StateFolder, variables: Mapping[str, str], watch: Watch) -> None:
        self._state = state
        self._variables = variables
        self._watch = watch
        self._book = read_book(state)
        self._regions = {name: self._made(name) for name in self._book.names}
        self._behind: set[str] = set()

    # As `Regions` has it.

    async def adopt(self) -> bool:
        up = self._up()
        if not any(is_running(one.name, self._state) for one in up):
            return False
        await _all(one.start() for one in up)
        found = await asyncio.gather(*(one.status() for one in up))
        return all(one.settled for one in found)

    async def open(self, wish: RegionWish) -> None:
        names = tuple(f"r{number}" for number in range(1, wish.regions + 1)) or self._book.names
        for name in [one for one in self._book.names if one not in names]:
            await self._part_with(name)
        for name in names:
            self._regions.setdefault(name, self._made(name))
        self._keep(names=names, wish=wish)
        await _all(one.start() for one in self._up())
        first, *others = self._up()
        await self._open(first)  # alone: it makes the certificates that all gateways show
        await _all(self._open(one) for one in others)

    async def ready(self) -> None:
        await _all(one.ready() for one in self._live())

    async def bring(self, wanted: Sequence[Wanted], anew: Collection[str] = ()) -> None:
        first, *others = self._live()
        before, names = _wanted_of(await first.hosts()), tuple(anew)
        await first.bring(wanted, names)  # alone: what does not start there is tried nowhere else
        try:
            await _all(one.bring(wanted, names) for one in others)
        except ChangeFailed:
            if before:
                await _all(one.bring(before, ()) for one in self._live())
            raise
        self._others_are_behind()

    async def step(self, order: Order, step: Step) -> None:
        if step == "begin":
            await (await self._canary_region(order)).step(order, step)
            return
        for one in await self._canary_first(order):  # a wave each
            await one.step(order, step)
        self._others_are_behind()

    async def share(self, deployment: str, canary: float, twin: float) -> None:
        await _all(one.share(deployment, canary, twin) for one in self._live())

    async def hosts(self) -> tuple[HostStatus, ...]:
        found = await asyncio.gather(*map(_hosts_of, self._up()))
        return tuple(host for some in found for host in some)

    async def blocked(self) -> tuple[Moved, ...]:
        found = await asyncio.gather(*(one.blocked() for one in self._live()))
        return tuple({moved.unit: moved for some in found for moved in some}.values())

    async def look(self, besides: Sequence[Supervision] = ()) -> None:
        controls = [one.supervision for one in self._up()]
        self._behind |= {one.name for one in self._up() if not one.answering}
        await self._watch.look([*besides, *controls], (), None)

    async def behind(self) -> tuple[str, ...]:
        return tuple(one.name for one in self._live() if one.name in self._behind)

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
        found = await asyncio.gather(*map(self._status_of, self._regions.values()))
        shown = [one for one in found if one.url]
        return RegionStatus(
            processes=tuple(process for one in found for process in one.processes),
            url=shown[0].url if shown else "",
            tls_url=shown[0].tls_url if shown else "",
            fronts=shown[0].fronts if shown else (),
            notes=tuple(note for one in found for note in one.notes),
        )

    async def stop(self) -> None:
        await _all(one.stop() for one in self._up())

    async def leave(self) -> None:
        await _all(one.leave() for one in self._regions.values())

    # What is said of one of them.

    async def stop_one(self, name: str) -> None:
        """Ends one, running calls first, until somebody starts it again."""
        one = self._named(name)
        self._keep(down=self._book.down | {name})
        await one.stop()

    async def kill_one(self, name: str) -> None:
        """Kills all of one at once, and tells nobody, as if its data centre had burnt down."""
        one = self._named(name)
        self._keep(down=self._book.down | {name})
        await one.kill()

    async def start_one(self, name: str) -> None:
        """Has it run again, and what the others run in it."""
        one = self._named(name)
        self._keep(down=self._book.down - {name})
        await one.start()
        await self.catch_up(name)

    # What helps.

    def _made(self, name: str) -> RemoteRegion:
        return RemoteRegion(name, self._state, self._variables)

    def _named(self, name: str) -> RemoteRegion:
        if name not in self._regions:
            raise ChangeFailed(
                f"There is no region {name}; there are {', '.join(self._book.names)}."
            )
        return self._regions[name]

    def _up(self) -> list[RemoteRegion]:
        """Those that should run."""
        return [one for name, one in self._regions.items() if name not in self._book.down]

    def _live(self) -> list[RemoteRegion]:
        """Those that answer.

        Raises:
            ChangeFailed: None does.
        """
        found = [one for one in self._up() if one.answering]
        if not found:
            raise ChangeFailed("No region answers. Which are there: hanse regions")
        return found

    def _others_are_behind(self) -> None:
        self._behind |= {one.name for one in self._up() if not one.answering}

    def _keep(self, **changed: object) -> None:
        self._book = msgspec.structs.replace(self._book, **changed)
        keep_book(self._book, self._state)

    async def _open(self, one: RemoteRegion) -> None:
        wish = self._book.wish
        assert wish is not None, "somebody wished for it"
        table = read_project(Path.cwd(), wish.environment).gateway
        ports = ports_of(table, wish, self._book.names.index(one.name))
        await one.open(msgspec.structs.replace(wish, port=ports.http, tls_port=ports.https))

    async def _part_with(self, name: str) -> None:
        one = self._regions.pop(name)
        if name not in self._book.down:
            await one.stop()

    async def _canary_region(self, order: Order) -> RemoteRegion:
        return (await self._canary_first(order))[0]

    async def _canary_first(self, order: Order) -> list[RemoteRegion]:
        """Those that live; the one with the canary first, or that would have it."""
        live = self._live()
        hosts = await asyncio.gather(*map(_hosts_of, live))
        has = [any(each.record.deployment == order.deployment for each in some) for some in hosts]
        drained = [one.name in self._book.drained for one in live]
        rank = {one.name: (not mine, no) for one, mine, no in zip(live, has, drained, strict=True)}
        return sorted(live, key=lambda one: rank[one.name])

    async def _status_of(self, one: RemoteRegion) -> RegionStatus:
        own = process_status(one.supervision, self._watch, "region")
        if not one.answering:
            note = "is down" if one.name in self._book.down else "does not answer"
            return RegionStatus(processes=(own,), notes=(f"Region {one.name} {note}.",))
        try:
            found = await one.status()
        except ChangeFailed as error:
            return RegionStatus(processes=(own,), notes=error.problems)
        processes = tuple(_named_in(one.name, each) for each in found.processes)
        return msgspec.structs.replace(found, processes=(own, *processes))


async def _hosts_of(one: RemoteRegion) -> Sequence[HostStatus]:
    """What it says; where it says nothing, what was written down: they may well run."""
    if one.answering:
        return await one.hosts()
    records = read_roster(one.state.roster).members
    return [HostStatus(record=each, answering=False, restarts=0, socket="") for each in records]


def _wanted_of(hosts: Sequence[HostStatus]) -> list[Wanted]:
    """What would bring about these."""
    found = {
        one.group.name: Wanted(
            one.group, one.record.release, one.record.environment, one.record.local
        )
        for one in settled(hosts)
    }
    return list(found.values())


def _named_in(region: str, process: ProcessStatus) -> ProcessStatus:
    """Hosts have the region in their names; the others are called the same everywhere."""
    if process.kind == "host":
        return process
    return msgspec.structs.replace(process, name=f"{region}.{process.name}")


async def _all(works: Iterable[Awaitable[object]]) -> None:
    """Does all of it side by side, to its end, and says what failed first."""
    for came in await asyncio.gather(*works, return_exceptions=True):
        if isinstance(came, BaseException):
            raise came
