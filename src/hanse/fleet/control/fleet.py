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

from hanse.fleet.backup.report import order_of
from hanse.fleet.control.api import Asked, FleetStatus, UnknownProcess
from hanse.fleet.control.choices import Choices, Moved
from hanse.fleet.control.ground.gateway_settings import GATEWAY, gateway_wish
from hanse.fleet.control.hosts.hosts import Hosts
from hanse.fleet.control.hosts.rollout import ChangeFailed
from hanse.fleet.control.hosts.surveyor import rotate_when_due
from hanse.fleet.control.hosts.told import fronts_of, settled
from hanse.fleet.control.looks.forgetting import Forgetting
from hanse.fleet.control.looks.report import process_status
from hanse.fleet.control.looks.stalls import to_be_moved
from hanse.fleet.control.looks.watch import Watch, too_heavy
from hanse.fleet.control.staging.desk import StagingDesk
from hanse.fleet.control.staging.stage import is_under_way
from hanse.fleet.control.turns import EXPECTED, Turns, problems_of
from hanse.fleet.engine.log_file import trim_log
from hanse.fleet.state import write_whole
from hanse.kit.clock import wait_set
from hanse.runtime.project.project import read_project

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from hanse.fleet.control.ground.ground import Ground
    from hanse.fleet.state import StateFolder

log = logging.getLogger("hanse.control")

LOOK_SECONDS = 2.0
STOPPING = "stopping"


class Fleet:
    """Does what is asked of it in turn, and looks after what runs meanwhile.

    Args:
        state: The project's state folder.
        ground: What every project needs: database, broker, gateway.
        hosts: The project's own.

    Attributes:
        staging: What deployments ask.
    """

    def __init__(self, state: StateFolder, ground: Ground, hosts: Hosts) -> None:
        self._state = state
        self._ground = ground
        self._hosts = hosts
        self._choices = Choices(state.choices)
        self._watch = Watch()
        self._forgetting = Forgetting(rotate_when_due)
        self._turns = Turns()
        self._asked = Asked()
        self._applying: Asked | None = None
        self._stopped = False
        self.staging = StagingDesk(self._turns, hosts, lambda: self._asked, self._choices)
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
        if self._hosts.adopt():
            await self._ground.start()
        else:
            self.ask(asked)
        await self._over.wait()
        for task in tasks:
            task.cancel()
        await self._forgetting.stop()
        if not self._stopped:
            await self._hosts.leave()
            await self._ground.leave()
        return self._stopped

    def ask(self, asked: Asked) -> None:
        """Begins to bring everything to what the project's file says now."""
        if asked != self._applying:  # whoever starts us asks what we have begun with
            self._applying = asked
            what = "changing" if self._hosts.members else "starting"
            self._turns.begin(what, partial(self._apply, asked))

    def restart(self, names: tuple[str, ...]) -> None:
        """Begins to replace hosts.

        Raises:
            UnknownProcess: No group and no host has one of these names.
        """
        there = {name for one in self._hosts.members for name in (one.name, one.group.name)}
        unknown = [name for name in names if name not in there]
        if unknown:
            known = ", ".join(sorted({one.group.name for one in self._hosts.members}))
            raise UnknownProcess(f"There is no host or group {unknown[0]}; groups are {known}.")
        self._turns.begin("restarting", partial(self._restart, frozenset(names)))

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

    def status(self) -> FleetStatus:
        """How everything is."""
        ground = [process_status(one, self._watch, kind) for kind, one in self._ground.programs()]
        hosts = [
            process_status(one.supervision, self._watch, "host", one) for one in self._hosts.members
        ]
        url, tls_url = self._ground.urls
        return FleetStatus(
            project=self._hosts.project,
            environment=self._asked.environment,
            port=self._asked.port,
            tls_port=self._asked.tls_port,
            version=version("hanse"),
            pid=os.getpid(),
            changing=self._turns.changing,
            problems=self._turns.problems,
            url=url,
            tls_url=tls_url,
            fronts=fronts_of(self._hosts.members),
            notes=(
                *map(_said_of, self._choices.moved),
                *self._hosts.notes(),
                *self._ground.notes(),
            ),
            processes=(*hosts, *ground),
            backup=self._ground.backup.status(),
        )

    # What is done in turn.

    async def _apply(self, asked: Asked) -> None:
        before = self._asked
        try:
            self._remember(asked)
            project = read_project(Path.cwd(), asked.environment)
            wish = gateway_wish(project.gateway, asked, self._choices, self._ground.ports)
            elsewhere = project.database_url(self._ground.variables) is not None
            order = order_of(project, self._state, self._ground.variables)
            wish = msgspec.structs.replace(
                wish, database_elsewhere=elsewhere, backup=order, environment=asked.environment
            )
            await self._ground.start(wish)
            await _both(
                self._ground.ready(),
                self._hosts.follow(project, asked.environment, self._choices),
            )
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
        await self._hosts.follow(project, self._asked.environment, self._choices, names or None)

    async def _move(self, moved: Moved) -> None:
        self._choices.move(moved)
        await self._hosts.move(moved.unit)

    async def _stop(self) -> None:
        await self._hosts.stop()
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
        members = self._hosts.members
        programs = [one for _, one in self._ground.programs()]
        await self._watch.look(
            [*programs, *(one.supervision for one in members)],
            members,
            (GATEWAY, self._state.admin_socket),
        )
        self._hosts.look(self._watch.silent)
        for one in too_heavy(members, self._watch):
            if not self._turns.changing:
                self._turns.begin(f"replacing {one.name}", partial(self._hosts.relieve, one))
        for name in ("access", "control"):  # what Envoy and we write ourselves, nobody else trims
            trim_log(self._state.log(name))
        self._hosts.show(self._ground.front())
        if members:  # else there is no database either
            self._forgetting.look(self._asked.environment)
        for moved in filter(None, map(to_be_moved, settled(members))):
            if not self._turns.changing and not any(map(is_under_way, members)):
                self._turns.begin(f"moving {moved.service}", partial(self._move, moved))


async def _both(*works: Awaitable[None]) -> None:
    """Does all of it side by side, and says of all that failed why."""
    failed = [one for one in await asyncio.gather(*works, return_exceptions=True) if one]
    expected = [one for one in failed if isinstance(one, EXPECTED)]
    if len(expected) < len(failed):
        raise next(one for one in failed if one not in expected)
    if expected:
        raise ChangeFailed(*(problem for one in expected for problem in problems_of(one)))


def _said_of(moved: Moved) -> str:
    return (
        f"{moved.service} blocked its host for {moved.seconds:.1f} s and runs in a host of its own "
        "until its code changes; make the method a plain def, or offload() the work."
    )
