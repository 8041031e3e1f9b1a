"""What a host does with its database beside its calls: tables have owners, long work is aside."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from msgspec.structs import replace

from hanse.kit.chance import fraction
from hanse.kit.clock import wait_set
from hanse.runtime.call.context import running
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.errors import HanseError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from logging import Logger

    from hanse.runtime.data.database_config import DatabaseConfig

LONG_SECONDS = 3600.0
"""The longest that one statement of such work takes."""


class Sweep(Protocol):
    """What a host does by and by, a step at a time."""

    async def run(self) -> None:
        """Does it again and again, and tells of its own failures."""
        ...

    async def once(self) -> bool:
        """Does a step of what is due by business time; whether there is more."""
        ...


async def again_and_again(
    step: Callable[[], Awaitable[Any]], seconds: float, log: Logger, complaint: str
) -> None:
    """Does something by and by; where it fails, it is logged and tried again.

    Args:
        step: What.
        seconds: Between two times; each waits up to half as long again, so that hosts part.
        log: Where a failure is told.
        complaint: How.
    """
    while True:
        await wait_set(asyncio.Event(), seconds * (1 + fraction() / 2))
        try:
            await step()
        except HanseError:
            log.exception(complaint)


class Upkeep:
    """Belongs to one database.

    Attributes:
        config: For a `Database` of one connection, whose statements may take an hour.
        drop_erased: Has files gone that stood in what was erased, and tells how many; None where
            no files are kept.
    """

    def __init__(self, config: DatabaseConfig) -> None:
        self.config = replace(config, connections=1, statement_timeout=LONG_SECONDS)
        self._owners: dict[str, type] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.drop_erased: Callable[[], Awaitable[int]] | None = None
        self._sweeps: list[Sweep] = []

    def claim(self, table: str, owner: type) -> None:
        """Says whose table it is, of all that its host serves.

        Raises:
            ConfigurationError: It is somebody else's too.
        """
        first = self._owners.setdefault(table, owner)
        if first is not owner:
            raise ConfigurationError(
                f"{first.__name__} and {owner.__name__} are both stored in {table}; give each a "
                "table of its own"
            )

    def meanwhile(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Has something done beside all else, until it or the database ends.

        Args:
            work: Tells of its own failures.
        """
        self._tasks.append(asyncio.Task(work(), loop=asyncio.get_running_loop()))

    def regularly(self, sweep: Sweep) -> None:
        """Has something done again and again, beside all else."""
        self._sweeps.append(sweep)
        self.meanwhile(sweep.run)

    async def catch_up(self) -> None:
        """Does at once all that is done by and by and is due: in no call, as it is done else.

        Raises:
            HanseError: The database is away.
        """
        token = running.set(None)
        try:
            for sweep in self._sweeps:
                while await sweep.once():
                    pass
        finally:
            running.reset(token)

    async def stop(self) -> None:
        """Breaks off what is not done."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
