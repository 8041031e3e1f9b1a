"""One project's fleet on this machine: what is asked of it, one after the other, and how it is."""

from __future__ import annotations

import asyncio
import logging
import os
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.control.api import (
    Asked,
    FleetStatus,
    NoRegions,
    RegionDoing,
    UnknownProcess,
    UnknownRegion,
)
from hanse.fleet.control.choices import Moved
from hanse.fleet.control.following import Following
from hanse.fleet.control.ground.ground_wish import ground_wish
from hanse.fleet.control.hosts.member import is_under_way
from hanse.fleet.control.hosts.rollout import ChangeFailed
from hanse.fleet.control.hosts.surveyor import rotate_when_due
from hanse.fleet.control.looks.forgetting import Forgetting
from hanse.fleet.control.looks.report import process_status
from hanse.fleet.control.region.api import RegionWish
from hanse.fleet.control.staging.desk import StagingDesk
from hanse.fleet.control.turns import EXPECTED, Turns, problems_of
from hanse.fleet.engine.log_file import trim_log
from hanse.fleet.state import write_whole
from hanse.kit.clock import wait_set
from hanse.runtime.project.project import read_project

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from hanse.fleet.control.choices import Choices
    from hanse.fleet.control.ground.ground import Ground
    from hanse.fleet.control.looks.watch import Watch
    from hanse.fleet.control.regions.regions import Regions
    from hanse.fleet.state import StateFolder

log = logging.getLogger("hanse.control")

LOOK_SECONDS = 2.0
STOPPING = "stopping"
REGION_DOING: dict[RegionDoing, str] = {
    "drain": "draining",
    "resume": "resuming",
    "stop": "ending",
    "kill": "killing",
    "start": "starting",
}


class Fleet:
    """Does what is asked of it in turn, and looks after what runs meanwhile.

    Args:
        state: The project's state folder.
        ground: What every fleet stands on.
        regions: Where it runs.
        turns: One change after the other.
        choices: What was decided once.
        watch: Looks at processes.

    Attributes:
        staging: What deployments ask.
    """

    def __init__(
        self,
        state: StateFolder,
        ground: Ground,
        regions: Regions,
        turns: Turns,
        choices: Choices,
        watch: Watch,
    ) -> None:
        self._state = state
        self._ground = ground
        self._regions = regions
        self._choices = choices
        self._watch = watch
        self._following = Following(state, regions)
        self._forgetting = Forgetting(rotate_when_due)
        self._turns = turns
        self._asked = Asked()
        self._applying: Asked | None = None
        self._runs = False
        self._stopped = False
        self.staging = StagingDesk(
            self._turns, regions, self._following, lambda: self._asked, choices
        )
        self._over = asyncio.Event()

    async def run(self, asked: Asked) -> bool:
        """Works until it is told to stop or to leave.

        Args:
            asked: What to begin with, if nothing of this project runs.

        Returns:
            Whether everything has ended; else it runs on without control.
        """
        tasks = [asyncio.create_task(work) for work in (self._look_often(), self._turns.run())]
        self._asked = asked
        self._runs = await self._regions.adopt()
        if self._runs:
            await self._ground.start()
        else:
            self.ask(asked)
        await self._over.wait()
        for task in tasks:
            task.cancel()
        await self._forgetting.stop()
        if not self._stopped:
            await self._regions.leave()
            await self._ground.leave()
        return self._stopped

    def ask(self, asked: Asked) -> None:
        """Begins to bring everything to what the project's file says now."""
        if asked.regions is None:
            asked = msgspec.structs.replace(asked, regions=self._asked.regions)
        if asked != self._applying:  # whoever starts us asks what we have begun with
            self._applying = asked
            what = "changing" if self._runs else "starting"
            self._turns.begin(what, partial(self._apply, asked))

    async def restart(self, names: tuple[str, ...]) -> None:
        """Begins to replace hosts.

        Raises:
            UnknownProcess: No group and no host has one of these names.
        """
        hosts = await self._regions.hosts()
        there = {name for one in hosts for name in (one.name, one.group.name)}
        unknown = [name for name in names if name not in there]
        if unknown:
            known = ", ".join(sorted({one.group.name for one in hosts}))
            raise UnknownProcess(f"There is no host or group {unknown[0]}; groups are {known}.")
        self._turns.begin("restarting", partial(self._restart, frozenset(names)))

    def region(self, name: str, doing: RegionDoing) -> None:
        """Begins to do something with a region.

        Raises:
            NoRegions: There are none.
            UnknownRegion: There is no such one.
        """
        names = self._regions.names
        if not names:
            raise NoRegions("This fleet runs without regions: hanse up --regions 3")
        if name not in names:
            raise UnknownRegion(f"There is no region {name}; there are {', '.join(names)}.")
        self._turns.begin(f"{REGION_DOING[doing]} {name}", partial(self._regions.have, name, doing))

    def stop(self) -> None:
        """Begins to end everything, instead of whatever is done or waits."""
        self._turns.instead(STOPPING, self._stop)

    def back_up(self, request: str) -> None:
        """Begins to take a base.

        Raises:
            NoBackup: There is no place for it.
        """
        self._ground.backup.ask(request)

    async def open_deployer(self) -> None:
        """Returns when the process answers that deploys.

        Raises:
            ChangeFailed: It does not start.
        """
        if self._ground.deployer.answers(self._asked.environment):
            return  # whoever wants to go back does not stand in line for it
        open_it = partial(self._ground.deployer.ready, self._asked.environment)
        await self._turns.wait_for("starting what deploys", open_it)

    def leave(self) -> None:
        """Ends control, and nothing else."""
        self._over.set()

    async def status(self) -> FleetStatus:
        """How everything is."""
        ground = [process_status(one, self._watch, kind) for kind, one in self._ground.programs()]
        found = await self._regions.status()
        return FleetStatus(
            project=self._ground.wish.project,
            environment=self._asked.environment,
            port=self._asked.port,
            tls_port=self._asked.tls_port,
            regions_asked=self._asked.regions,
            version=version("hanse"),
            pid=os.getpid(),
            changing=self._turns.changing,
            problems=self._turns.problems,
            url=found.url,
            tls_url=found.tls_url,
            fronts=found.fronts,
            notes=(
                *(one.says for one in self._choices.moved),
                *found.notes,
                *self._following.notes(),
                *self._ground.notes(),
            ),
            processes=(*found.processes, *ground),
            regions=found.regions,
            backup=self._ground.backup.status(),
        )

    # What is done in turn.

    async def _apply(self, asked: Asked) -> None:
        before = self._asked
        try:
            self._remember(asked)
            project = read_project(Path.cwd(), asked.environment)
            wish = RegionWish(
                project=project.name,
                environment=asked.environment,
                regions=asked.regions or 0,
                port=asked.port,
                tls_port=asked.tls_port,
            )
            await self._ground.start(ground_wish(project, asked.environment, self._state))
            await self._regions.open(wish)
            await _all(
                self._ground.ready(),
                self._regions.ready(),
                self._following.follow(project, asked.environment, self._choices),
            )
            self._runs = True
        except BaseException:
            self._remember(before)  # else a restart would take what does not run for what was asked
            raise
        finally:
            self._applying = None

    def _remember(self, asked: Asked) -> None:
        write_whole(self._state.asked, msgspec.json.encode(asked))
        self._asked = asked

    async def _restart(self, names: frozenset[str]) -> None:
        project = read_project(Path.cwd(), self._asked.environment)
        environment = self._asked.environment
        await self._following.follow(project, environment, self._choices, names or None)

    async def _move(self, moved: Moved) -> None:
        self._choices.move(moved)
        await self._following.move(moved.unit)

    async def _stop(self) -> None:
        await self._regions.stop()
        await self._ground.stop()
        self._stopped = True
        self._over.set()

    # What is looked at meanwhile.

    async def _look_often(self) -> None:
        while True:
            try:
                await self._look()
            except Exception:
                log.exception("A look at the fleet failed; the next one may not.")
            await wait_set(self._over, LOOK_SECONDS)

    async def _look(self) -> None:
        await self._regions.look([one for _, one in self._ground.programs()])
        trim_log(self._state.log("control"))  # what we write ourselves, nobody else trims
        if self._runs:  # else there is no database either
            self._forgetting.look(self._asked.environment)
        for name in await self._regions.behind():
            if not self._turns.changing:
                catch_up = partial(self._regions.catch_up, name)
                self._turns.begin(f"bringing {name} to what the others run", catch_up)
        for moved in await self._regions.blocked():
            under_way = any(map(is_under_way, await self._regions.hosts()))
            if not self._turns.changing and not under_way:
                self._turns.begin(f"moving {moved.service}", partial(self._move, moved))


async def _all(*works: Awaitable[None]) -> None:
    """Does all of it side by side, and says of all that failed why."""
    failed = [one for one in await asyncio.gather(*works, return_exceptions=True) if one]
    expected = [one for one in failed if isinstance(one, EXPECTED)]
    if len(expected) < len(failed):
        raise next(one for one in failed if one not in expected)
    if expected:
        raise ChangeFailed(*(problem for one in expected for problem in problems_of(one)))
