"""The regions there are, as the head has them: which should run, and which answer."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.control.hosts.rollout import ChangeFailed
from hanse.fleet.control.regions.region_book import keep_book, read_book
from hanse.fleet.control.regions.region_ports import ports_of
from hanse.fleet.control.regions.remote_region import RemoteRegion
from hanse.runtime.project.project import read_project

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hanse.fleet.control.region.api import RegionWish
    from hanse.fleet.state import StateFolder

log = logging.getLogger("hanse.control")


class RegionSet:
    """Knows them, and writes down what is decided of them.

    Args:
        state: The fleet's own state folder.
        variables: The environment.

    Attributes:
        book: What is written down.
        all: Regions by name, in order.
    """

    def __init__(self, state: StateFolder, variables: Mapping[str, str]) -> None:
        self._state = state
        self._variables = variables
        self.book = read_book(state)
        self.all = {name: self.made(name, self.book.wish) for name in self.book.names}

    def made(self, name: str, wish: RegionWish | None) -> RemoteRegion:
        """A region that is not begun yet."""
        project = wish.project if wish else ""
        return RemoteRegion(name, project, self._state, self._variables)

    def up(self) -> list[RemoteRegion]:
        """Those that should run."""
        return [one for name, one in self.all.items() if name not in self.book.down]

    def live(self) -> list[RemoteRegion]:
        """Those that answer.

        Raises:
            ChangeFailed: None does.
        """
        found = self.answering()
        if not found:
            raise ChangeFailed("No region answers. Which are there: hanse regions")
        return found

    def answering(self) -> list[RemoteRegion]:
        """Those that should run and can be asked, as far as is known."""
        return [one for one in self.up() if one.answering]

    def note(self, **changed: object) -> None:
        """Writes down what is decided."""
        self.book = msgspec.structs.replace(self.book, **changed)
        keep_book(self.book, self._state)

    async def open(self, one: RemoteRegion) -> None:
        """Begins its gateway and its broker, at the ports that are its own."""
        wish = self.book.wish
        assert wish is not None, "somebody wished for it"
        table = read_project(Path.cwd(), wish.environment).gateway
        ports = ports_of(table, wish, self.book.names.index(one.name))
        await one.open(msgspec.structs.replace(wish, port=ports.http, tls_port=ports.https))

    async def start(self, regions: Sequence[RemoteRegion]) -> None:
        """Begins their controls; one that does not start is behind, unless none does.

        Raises:
            ChangeFailed: None does.
        """
        came = await asyncio.gather(*(one.start() for one in regions), return_exceptions=True)
        failed = [one for one in came if isinstance(one, BaseException)]
        if failed and len(failed) == len(regions):
            raise failed[0]
        for error in failed:
            log.warning("A region does not start, and is passed over: %s", error)

    async def end_the_down(self) -> None:
        """Ends what an earlier head did not come to end, or what was begun by hand."""
        down = [one for name, one in self.all.items() if name in self.book.down]
        for one in down:
            if one.runs:
                await one.stop()

    async def part_with(self, name: str) -> None:
        """Ends one for good: the others take its requests first."""
        if name not in self.book.down:
            with suppress(ChangeFailed):  # one that is lost is ended all the same
                await self.all[name].drain(drained=True)
            await self.all[name].stop()

    def check_others(self, name: str) -> None:
        """Somebody has to take the requests.

        Raises:
            ChangeFailed: Nobody could.
        """
        others = [one.name for one in self.answering() if one.name != name]
        if not set(others) - self.book.drained:
            raise ChangeFailed(
                f"{name} is the only region that is sent anything. Start or resume another first; "
                "to end all of them: hanse down"
            )
