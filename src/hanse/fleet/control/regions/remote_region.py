"""A region whose control is a process of its own, as the head has it."""

from __future__ import annotations

import logging
import os
import signal
import sys
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.control.hosts.rollout import CannotNow, ChangeFailed
from hanse.fleet.control.hosts.roster import read_roster
from hanse.fleet.control.looks.scrape import answers, speaks
from hanse.fleet.control.region.api import (
    HostStatus,
    RegionControl,
    RegionRefused,
    RegionStatus,
)
from hanse.fleet.control.region.ground import until_ready
from hanse.fleet.engine.care import Care
from hanse.fleet.engine.process import Process, is_running
from hanse.fleet.engine.program import Program, surroundings
from hanse.fleet.engine.supervision import Supervision
from hanse.runtime.errors import HanseError
from hanse.runtime.host import Host
from hanse.runtime.host_config import HostConfig

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from hanse.fleet.control.choices import Moved
    from hanse.fleet.control.hosts.wanted import Wanted
    from hanse.fleet.control.region.api import RegionWish, Step
    from hanse.fleet.control.staging.api import Order
    from hanse.fleet.state import StateFolder

log = logging.getLogger("hanse.control")

MODULE = "hanse.fleet.control.region.main"


class RemoteRegion:
    """Keeps the region's control running, and passes on to it what is asked.

    Args:
        name: Of the region.
        project: The project's name.
        head: The fleet's own state folder, where its process is written down.
        variables: The environment.

    Attributes:
        name: As given.
        state: The region's state folder.
        supervision: What keeps its control running.
    """

    def __init__(
        self, name: str, project: str, head: StateFolder, variables: Mapping[str, str]
    ) -> None:
        self.name = name
        self.state = head.of(name)
        self._head = head
        command = (sys.executable, "-P", "-m", MODULE, name, project)
        program = Program(name=name, command=command, environment=surroundings(variables))
        socket = self.state.control_socket
        care = Care(
            probe=lambda: answers(socket, "/health/ready"),
            lives=lambda: speaks(socket, "/health/ready"),
        )
        self.supervision = Supervision(program, head, care)
        self._stack = AsyncExitStack()
        self._control: RegionControl | None = None

    async def start(self) -> None:
        """Has its control run, and returns when it answers.

        Raises:
            ChangeFailed: It does not; its last words say why.
        """
        self.state.prepare()
        if self._control is None:
            at = {RegionControl.__contract__.full_name: (f"unix:{self.state.control_socket}",)}
            config = HostConfig(port=None, docs=False, directory=at)
            host = await self._stack.enter_async_context(Host([], config))
            self._control = host.get(RegionControl)
        self.supervision.start()
        await until_ready(self.supervision)

    @property
    def answering(self) -> bool:
        """Whether it can be asked, as far as is known."""
        return self._control is not None and self.supervision.stage == "ready"

    @property
    def runs(self) -> bool:
        """Whether anything of it does, asked or not."""
        own = (is_running(one.stem, self.state) for one in self.state.processes.glob("*.json"))
        return is_running(self.name, self._head) or any(own)

    @property
    def life(self) -> int | None:
        """The process of its control."""
        return self.supervision.pid

    async def open(self, wish: RegionWish) -> None:
        async with self._asked() as control:
            await control.open(wish)

    async def ready(self) -> None:
        async with self._asked() as control:
            await control.ready()

    async def bring(self, wanted: Sequence[Wanted], anew: Sequence[str]) -> None:
        async with self._asked() as control:
            await control.bring(tuple(wanted), tuple(anew))

    async def end(self, names: Sequence[str]) -> None:
        async with self._asked() as control:
            await control.end(tuple(names))

    async def step(self, order: Order, step: Step) -> None:
        async with self._asked() as control:
            await control.step(order, step)

    async def share(self, deployment: str, canary: float, twin: float) -> None:
        async with self._asked() as control:
            await control.share(deployment, canary, twin)

    async def hosts(self) -> Sequence[HostStatus]:
        async with self._asked() as control:
            return await control.hosts()

    async def known_hosts(self) -> Sequence[HostStatus]:
        """What it says; where it says nothing, what was written down: they may well run."""
        with suppress(ChangeFailed):
            return [msgspec.structs.replace(one, region=self.name) for one in await self.hosts()]
        records = read_roster(self.state.roster).members
        return [
            HostStatus(record=one, answering=False, restarts=0, socket="", region=self.name)
            for one in records
        ]

    async def blocked(self) -> Sequence[Moved]:
        async with self._asked() as control:
            return await control.blocked()

    async def status(self) -> RegionStatus:
        async with self._asked() as control:
            return await control.status()

    async def drain(self, *, drained: bool) -> None:
        async with self._asked() as control:
            await control.drain(drained)

    async def stop(self) -> None:
        """Ends everything in it, running calls first, and its control.

        Its hosts may run without a control; then another one ends them. What nobody can ask to end
        is killed.
        """
        try:
            if not self.answering:
                await self.start()
            async with self._asked() as control:
                await control.stop()
        except ChangeFailed as error:
            log.warning("Region %s is killed, as it cannot be ended: %s", self.name, error)
            await self.kill()
        await self.supervision.stop()
        await self._stack.aclose()
        self._control = None

    async def kill(self) -> None:
        """Kills everything in it at once; nobody is told."""
        pid = self.supervision.pid
        await self.leave()
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for record in self.state.processes.glob("*.json"):
            process = Process.adopt(record.stem, self.state)
            if process is not None:
                process.kill()
                await process.ended()

    def forget(self) -> None:
        """Its list of hosts says also that it was drained."""
        self.state.roster.unlink(missing_ok=True)

    async def leave(self) -> None:
        """Leaves everything running, its control too."""
        await self.supervision.leave()
        await self._stack.aclose()
        self._control = None

    @asynccontextmanager
    async def _asked(self) -> AsyncGenerator[RegionControl]:
        if self._control is None:
            raise ChangeFailed(f"Region {self.name} is down.")
        try:
            yield self._control
        except RegionRefused as refused:
            raise ChangeFailed(*refused.detail.splitlines()) from refused
        except HanseError as error:
            raise CannotNow(f"Region {self.name} does not answer: {error.detail}") from error
