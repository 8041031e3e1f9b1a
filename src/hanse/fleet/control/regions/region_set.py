"""The regions there are, as the head has them: which should run, and which answer."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.control.hosts.rollout import CannotNow, ChangeFailed
from hanse.fleet.control.region.api import RegionStatus
from hanse.fleet.control.regions.region_book import keep_book, read_book
from hanse.fleet.control.regions.region_ports import ports_of
from hanse.runtime.project.project import read_project

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hanse.fleet.control.region.api import HostStatus, RegionWish
    from hanse.fleet.control.regions.region import Region
    from hanse.fleet.state import StateFolder

log = logging.getLogger("hanse.control")


class RegionSet:
    """Knows them, and writes down what is decided of them.

    Args:
        state: The fleet's own state folder.
        make: A region of a name in a project, not begun yet.

    Attributes:
        book: What is written down.
        all: Regions by name, in order.
    """

    def __init__(self, state: StateFolder, make: Callable[[str, str], Region]) -> None:
        self._state = state
        self._make = make
        self.book = read_book(state)
        self.all = {name: self.made(name, self.book.wish) for name in self.book.names}

    def made(self, name: str, wish: RegionWish | None) -> Region:
        """A region that is not begun yet."""
        return self._make(name, wish.project if wish else "")

    def up(self) -> list[Region]:
        """Those that should run."""
        return [one for name, one in self.all.items() if name not in self.book.down]

    def live(self) -> list[Region]:
        """Those that answer.

        Raises:
            CannotNow: None does.
        """
        found = self.answering()
        if not found:
            raise CannotNow("No region answers. Which are there: hanse regions")
        return found

    def answering(self) -> list[Region]:
        """Those that should run and can be asked, as far as is known."""
        return [one for one in self.up() if one.answering]

    def note(self, **changed: object) -> None:
        """Writes down what is decided; else it is not.

        Raises:
            StateError: It cannot be written.
        """
        book = msgspec.structs.replace(self.book, **changed)
        if book != self.book:
            keep_book(book, self._state)
        self.book = book

    async def hosts(self) -> tuple[HostStatus, ...]:
        """All hosts of those that should run, as far as is known."""
        found = await asyncio.gather(*(one.known_hosts() for one in self.up()))
        return tuple(host for some in found for host in some)

    async def drained(self) -> frozenset[str]:
        """Those that are sent nothing: each says so itself, and nobody else."""
        asked = self.answering()
        found = await asyncio.gather(*(one.status() for one in asked), return_exceptions=True)
        return frozenset(
            one.name
            for one, said in zip(asked, found, strict=True)
            if isinstance(said, RegionStatus) and said.drained
        )

    async def open(self, one: Region) -> None:
        """Begins its gateway and its broker, at the ports that are its own."""
        wish = self.book.wish
        assert wish is not None, "somebody wished for it"
        table = read_project(Path.cwd(), wish.environment).gateway
        http, https, first = ports_of(table, wish, self.book.names)[one.name]
        await one.open(msgspec.structs.replace(wish, port=http, tls_port=https, tls_first=first))

    async def start(self, regions: Sequence[Region]) -> None:
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
        one = self.all[name]
        if name not in self.book.down:
            with suppress(ChangeFailed):  # one that is lost is ended all the same
                await one.drain(drained=True)
        if one.runs:
            await one.stop()
        one.forget()

    async def check_others(self, name: str) -> None:
        """Somebody has to take the requests.

        Raises:
            ChangeFailed: Nobody could.
        """
        others = [one.name for one in self.answering() if one.name != name]
        if not set(others) - await self.drained():
            raise ChangeFailed(
                f"{name} is the only region that is sent anything. Start or resume another first; "
                "to end all of them: hanse down"
            )
