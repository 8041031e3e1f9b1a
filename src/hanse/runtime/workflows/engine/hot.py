"""The instances that a host has in memory, and whether there is room for more."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hanse.runtime.workflows.journal.bounds import HOT_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from uuid import UUID

    from hanse.runtime.workflows.engine.instance import Instance

HOT_MAX = 1000
"""Instances that a host has in memory at once."""


class Hot:
    """Those of one host.

    Attributes:
        bytes: What they keep in all, as it is written.
        most: Of that, before no more are taken in.
        left: How many have left.
    """

    def __init__(self) -> None:
        self._instances: dict[UUID, Instance] = {}
        self._awaited: dict[UUID, list[asyncio.Event]] = {}
        self._quiet = asyncio.Event()
        self._full = False
        self.bytes = 0
        self.most = HOT_BYTES_MAX
        self.left = 0

    def __len__(self) -> int:
        return len(self._instances)

    def __iter__(self) -> Iterator[Instance]:
        return iter(tuple(self._instances.values()))

    @property
    def ids(self) -> tuple[UUID, ...]:
        """Of all of them."""
        return tuple(self._instances)

    @property
    def room(self) -> int:
        """How many more there is room for."""
        if self._full or self.bytes_left <= 0:
            return 0
        return HOT_MAX - len(self._instances)

    @property
    def bytes_left(self) -> int:
        """For how many bytes there is room."""
        return self.most - self.bytes

    def get(self, id: UUID) -> Instance | None:
        """One that is here."""
        return self._instances.get(id)

    def add(self, instance: Instance) -> None:
        """Takes one in, in the place of one that was held here before and is no more."""
        before = self._instances.get(instance.id)
        if before is not None:
            self.bytes -= before.size
        self._instances[instance.id] = instance
        self.bytes += instance.size
        for came in self._awaited.get(instance.id, ()):
            came.set()

    @contextmanager
    def awaited(self, id: UUID) -> Generator[asyncio.Event]:
        """Has an event be set when an instance is taken in, for the length of a block."""
        came, all_of_it = asyncio.Event(), self._awaited.setdefault(id, [])
        all_of_it.append(came)
        try:
            yield came
        finally:
            all_of_it.remove(came)
            if not all_of_it:
                del self._awaited[id]

    def grow(self, instance: Instance, by: int) -> None:
        """Counts what one keeps more; of one that has left nobody counts anything."""
        instance.size += by
        if self._instances.get(instance.id) is instance:
            self.bytes += by

    def fill(self) -> None:
        """Says that what would be next has no room: nothing comes before another has left."""
        self._full = bool(self._instances)

    def remove(self, instance: Instance) -> bool:
        """Lets one go; whether it was here."""
        if self._instances.get(instance.id) is not instance:
            return False
        del self._instances[instance.id]
        self.bytes -= instance.size
        self._full = False
        self.left += 1
        if not self._instances:
            self._quiet.set()
        return True

    async def emptied(self) -> None:
        """Waits until all have left."""
        while self._instances:
            self._quiet.clear()
            await self._quiet.wait()
