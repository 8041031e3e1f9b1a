"""Regions within this process, and what a head meets: it dies, they do not answer, the disk is full."""

from __future__ import annotations

import errno
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.fleet.control.hosts.member import MemberRecord
from hanse.fleet.control.hosts.rollout import CannotNow, ChangeFailed
from hanse.fleet.control.hosts.wanted import Wanted
from hanse.fleet.control.looks.watch import Watch
from hanse.fleet.control.region.api import HostStatus, RegionStatus, RegionWish
from hanse.fleet.control.regions import many_regions, region_set
from hanse.fleet.control.regions.many_regions import ManyRegions
from hanse.fleet.control.regions.region_book import RegionBook, keep_book
from hanse.fleet.control.regions.region_set import RegionSet
from hanse.fleet.control.staging.api import GroupChange, Order
from hanse.fleet.directory import entries
from hanse.fleet.directory.failures import DirectoryAway
from hanse.fleet.engine.program import Program
from hanse.fleet.engine.supervision import Supervision
from hanse.fleet.plan import PlannedGroup
from hanse.fleet.state import StateFolder, telling
from hanse.runtime.project.project import read_project

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pytest

    from hanse.fleet.control.hosts.member import Part
    from hanse.fleet.control.region.api import Step
    from hanse.runtime.project.project import Project

WISH = RegionWish(project="boats", regions=3)
BROKEN = "broken"
"""A release that starts nowhere."""


@cache
def _project() -> Project:
    """That of the folder in which the first of them is."""
    return read_project(Path.cwd(), "")


class Killed(BaseException):
    """Nothing that the head would do is done any more."""


def wanted(group: str, release: str) -> Wanted:
    return Wanted(PlannedGroup(group, ()), release, "", False)


def order(group: str = "shop", before: str = "old", after: str = "new", name: str = "d1") -> Order:
    planned = PlannedGroup(group, ())
    change = GroupChange(
        group=planned, before=before, after=after, services=(), group_before=planned
    )
    return Order(deployment=name, changes=(change,))


class OneRegion:
    """Does at once what is asked, and nothing where a release is broken."""

    def __init__(self, world: World, name: str, state: StateFolder) -> None:
        self.world = world
        self.name = name
        self.state = state
        self.supervision = Supervision(Program(name=name, command=("true",)), state)
        self.records: list[MemberRecord] = []
        self.answering = self.runs = self.drained = self.lacks_a_gateway = False
        self.life: int | None = None
        self.forgotten = 0
        self._number = 0

    def is_lost(self) -> None:
        """Its control does not answer; what it looks after runs on."""
        self.answering = False

    def begins_anew(self) -> None:
        """Its control, which answers again before anybody has looked."""
        assert self.life is not None
        self.life += 1
        self.answering = True

    def settled(self) -> dict[str, str]:
        """What serves there, by group."""
        return {one.group.name: one.release for one in self.records if not one.part}

    async def start(self) -> None:
        self._reached()
        self.runs = self.answering = True
        self.life = (self.life or 0) + 1

    async def open(self, wish: RegionWish) -> None:
        self._asked()

    async def ready(self) -> None:
        self._asked()
        if self.lacks_a_gateway:
            raise ChangeFailed("The gateway does not start.")

    async def bring(self, wanted: Sequence[Wanted], anew: Sequence[str]) -> None:
        self._asked()
        if any(one.release == BROKEN for one in wanted):
            raise ChangeFailed(f"{self.name} cannot start it.")
        old = [one for one in self.records if not one.part and one.name not in anew]
        stays = [one for one in old if any(each.fits(one) for each in wanted)]
        new = [self._new(each) for each in wanted if not any(map(each.fits, stays))]
        self.records = [*(one for one in self.records if one.part), *stays, *new]
        self._reached()

    async def end(self, names: Sequence[str]) -> None:
        self._asked()
        self.records = [one for one in self.records if one.name not in names]

    async def step(self, order: Order, step: Step) -> None:
        self._asked()
        for change in order.changes:
            before = wanted(change.group.name, change.before)
            after = wanted(change.group.name, change.after)
            if step == "begin" and not self._has(order, ""):
                for part, one in (("canary", after), ("twin", before)):
                    if not self._has(order, part):
                        self.records.append(self._new(one, part, order.deployment))
            elif step == "take_over" and not self._has(order, ""):
                self._become("warm", order, [one for one in self.records if not one.part])
                self._become("", order, self._has(order, "canary"))
                if not self._has(order, ""):
                    self.records.append(self._new(after, "", order.deployment))
            elif step == "settle":
                self._take_away(self._has(order, "twin"))
            elif step == "cool":
                self._take_away(self._has(order, "warm"))
            elif step == "go_back":
                serving = self._has(order, "")
                self._become("", None, self._has(order, "warm"))
                self._take_away([*serving, *self._has(order, "canary"), *self._has(order, "twin")])
        self._reached()

    async def share(self, deployment: str, canary: float, twin: float) -> None:
        self._asked()

    async def hosts(self) -> Sequence[HostStatus]:
        self._asked()
        return await self.known_hosts()

    async def known_hosts(self) -> Sequence[HostStatus]:
        return [
            HostStatus(record=one, answering=True, restarts=0, socket="", region=self.name)
            for one in self.records
        ]

    async def blocked(self) -> Sequence[Any]:
        return ()

    async def status(self) -> RegionStatus:
        if not self.answering:
            raise CannotNow(f"Region {self.name} does not answer.")
        return RegionStatus(processes=(), drained=self.drained)

    async def drain(self, *, drained: bool) -> None:
        self._asked()
        self.drained = drained
        self._reached()

    async def stop(self) -> None:
        await self.kill()

    async def kill(self) -> None:
        self._reached()
        self.records = []
        self.runs = self.answering = False
        self._reached()

    async def leave(self) -> None:
        self.answering = False

    def forget(self) -> None:
        self.forgotten += 1
        self.drained = False

    def _asked(self) -> None:
        self._reached()
        if not self.answering:
            raise CannotNow(f"Region {self.name} does not answer.")

    def _reached(self) -> None:
        self.world.reached(CannotNow(f"Region {self.name} does not answer."))

    def _new(self, one: Wanted, part: str = "", deployment: str = "") -> MemberRecord:
        self._number += 1
        name = f"{self.name}.{one.group.name}-{self._number}"
        return msgspec.structs.replace(one.record(name), part=part, deployment=deployment)

    def _has(self, order: Order, part: str) -> list[MemberRecord]:
        mine = (order.deployment, part)
        return [one for one in self.records if (one.deployment, one.part) == mine]

    def _become(self, part: Part, order: Order | None, some: Iterable[MemberRecord]) -> None:
        groups, chosen = {one.group.name for one in order.changes} if order else None, list(some)
        deployment = order.deployment if order else ""
        self.records = [
            msgspec.structs.replace(one, part=part, deployment=deployment)
            if one in chosen and (groups is None or one.group.name in groups)
            else one
            for one in self.records
        ]

    def _take_away(self, some: Sequence[MemberRecord]) -> None:
        self.records = [one for one in self.records if one not in some]


class Directory:
    """Where it is written what is desired."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.kept: dict[str, entries.Desired] = {}
        self.away = False

    def desired(self, name: str, /) -> entries.Desired | None:
        return self.kept.get(name)

    async def desire(self, name: str, value: bytes, revision: int, /) -> int:
        self.world.reached(DirectoryAway("No majority."))
        if self.away:
            raise DirectoryAway("No majority.")
        self.kept[name] = entries.Desired(value, revision + 1)
        self.world.reached(DirectoryAway("No majority."))
        return revision + 1


class World:
    """What outlives a head; `dies_at` is the moment at which it does.

    Args:
        folder: Of the project.
        monkeypatch: Has what is written to the disk be counted, too.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        folder.mkdir(exist_ok=True)
        self.state = StateFolder(folder)
        self.state.prepare()
        (folder / "hanse.toml").write_text('[project]\nname = "boats"\nservices = ["shop:Stock"]\n')
        monkeypatch.chdir(folder)
        monkeypatch.setattr(region_set, "keep_book", self._keep_book)
        for module in (region_set, many_regions):  # the same in each world, and slow to read
            monkeypatch.setattr(module, "read_project", lambda *_: _project())
        self.kept = Directory(self)
        self.regions: dict[str, OneRegion] = {}
        self.told: list[str] = []
        self.count = 0
        self.at = 0
        self.kills = True
        self._dead = False

    def head(self) -> ManyRegions:
        """The next one."""
        self.at, self._dead = 0, False
        return ManyRegions(RegionSet(self.state, self._made), self, Watch())

    def meets(self, at: int, *, kills: bool) -> None:
        """At the so manieth moment from now on the head dies; else what it does there fails."""
        self.count, self.at, self.kills = 0, at, kills

    def reached(self, fault: Exception) -> None:
        """A moment at which that may be."""
        self.count += 1
        if self.count == self.at:
            self._dead = self.kills
            if not self._dead:
                raise fault
        if self._dead:
            raise Killed

    def run(self) -> list[dict[str, str]]:
        """What each region serves."""
        return [one.settled() for one in self.regions.values() if one.runs]

    # As ground.

    def check(self, regions: Iterable[StateFolder], *, running: bool) -> None:
        self.told.append(f"check {len(list(regions))}")

    def prepare(self, project: str, regions: Iterable[StateFolder]) -> None:
        self.told.append(f"prepare {len(list(regions))}")

    def entrust(self, project: str, regions: Iterable[StateFolder]) -> None: ...

    async def directory(self) -> Directory:
        return self.kept

    async def lead(self) -> None: ...

    async def close(self) -> None: ...

    def _made(self, name: str, _project: str) -> OneRegion:
        if name not in self.regions:
            self.regions[name] = OneRegion(self, name, self.state.of(name))
        return self.regions[name]

    def _keep_book(self, book: RegionBook, state: StateFolder) -> None:
        try:
            self.reached(OSError(errno.ENOSPC, "No space left on device"))
        except OSError as error:
            with telling(state.root / "regions.json"):
                raise error from None
        keep_book(book, state)
