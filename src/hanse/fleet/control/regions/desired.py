"""What every region should run, written where all of them read it, by one head at a time."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import msgspec

from hanse.fleet.control.hosts.rollout import CannotNow, ChangeFailed
from hanse.fleet.control.hosts.wanted import Wanted
from hanse.fleet.directory.failures import DirectoryAway, DirectoryConflict

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    from hanse.fleet.control.staging.api import Order
    from hanse.fleet.directory import entries


NO_MAJORITY = (
    "Most brokers of the regions do not answer, and what should run cannot be written down: "
    "nothing is changed until they do. What runs goes on. See hanse status."
)


class DesiredGroup(msgspec.Struct, frozen=True):
    """What is written of a group.

    Attributes:
        wanted: What should run; None where there is to be no such group any more.
        deployment: Which one changes it now; empty for none.
    """

    wanted: Wanted | None = None
    deployment: str = ""


class DesiredStore(Protocol):
    """Where it is written, see `SharedDirectory`."""

    def desired(self, name: str, /) -> entries.Desired | None: ...
    async def desire(self, name: str, value: bytes, revision: int, /) -> int: ...


class Desired:
    """Writes it down before it is so: where that cannot be, nothing is changed.

    Args:
        directory: What regions share, as the head has it.
    """

    def __init__(self, directory: DesiredStore) -> None:
        self._directory = directory

    async def write(self, wanted: Sequence[Wanted], gone: Iterable[str] = ()) -> None:
        """All groups that should run, and names of those that should not any more.

        Raises:
            ChangeFailed: Most brokers do not answer, or another head wrote something else.
        """
        for one in wanted:
            await self._write(one.group.name, DesiredGroup(one))
        for name in gone:
            await self._write(name, DesiredGroup())

    async def claim(self, order: Order) -> None:
        """Whose groups these are from now on.

        Of an earlier deployment its hosts alone count: who could not write down that it was over
        may be dead.

        Raises:
            ChangeFailed: As `write`.
        """
        for change in order.changes:
            name = change.group.name
            claimed = msgspec.structs.replace(self.of(name), deployment=order.deployment)
            await self._write(name, claimed)

    async def settle(self, order: Order, *, after: bool) -> None:
        """What a deployment came to: everybody has what is after it, or what was before.

        What another one has claimed meanwhile is left to that.

        Raises:
            ChangeFailed: As `write`.
        """
        for change in order.changes:
            group = change.group if after else change.group_before or change.group
            release = change.after if after else change.before
            wanted = Wanted(group, release, order.environment, order.local) if release else None
            if self.of(group.name).deployment in {"", order.deployment}:
                await self._write(group.name, DesiredGroup(wanted))

    def of(self, name: str) -> DesiredGroup:
        """What is written of a group; nothing, if nothing is."""
        found = self._directory.desired(name)
        return msgspec.json.decode(found.value, type=DesiredGroup) if found else DesiredGroup()

    async def _write(self, name: str, group: DesiredGroup) -> None:
        found = self._directory.desired(name)
        value = msgspec.json.encode(group)
        if found is not None and found.value == value:
            return
        with _said():
            await self._directory.desire(name, value, found.revision if found else 0)


@contextmanager
def _said() -> Generator[None]:
    try:
        yield
    except DirectoryAway as error:
        raise CannotNow(NO_MAJORITY) from error
    except DirectoryConflict as error:
        raise ChangeFailed("Another head has changed this meanwhile. Try again.") from error
