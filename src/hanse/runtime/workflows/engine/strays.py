"""Instances of versions that no host serves: after a release, or after one is taken back."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hanse.kit.clock import monotonic
from hanse.runtime.errors import HanseError
from hanse.runtime.workflows.engine.patience import patiently
from hanse.runtime.workflows.failure import UNSERVED, UnservedVersion, written
from hanse.runtime.workflows.journal.bounds import JOURNAL_BYTES_MAX
from hanse.runtime.workflows.journal.entry import Rest, Write
from hanse.runtime.workflows.replay import check_fits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from uuid import UUID

    from hanse.runtime.workflows.engine.served import Served
    from hanse.runtime.workflows.journal.served_versions import ServedVersions
    from hanse.runtime.workflows.journal.store import Store
    from hanse.runtime.workflows.personal.persons import Persons

GRACE = timedelta(minutes=1)
"""Who is due for so long, by business time, and is served by nobody, is a stray."""

LOOK_SECONDS = 5.0
AT_ONCE = 20


class Strays:
    """Those that one host comes to.

    Args:
        store: What is asked of the tables.
        versions: Which versions are served.
        served: The versions that this host serves.
        persons: Whose instances are.
        doubt: Told that a row may be held here of which nothing runs.
    """

    def __init__(
        self,
        store: Store,
        versions: ServedVersions,
        served: Mapping[tuple[str, int], Served],
        persons: Persons,
        doubt: Callable[[], None],
    ) -> None:
        self._doubt = doubt
        self._store = store
        self._versions = versions
        self._served = served
        self._persons = persons
        self._next = 0.0
        self._looking = asyncio.Lock()

    async def note(self) -> None:
        """Says what this host serves; what was held because nobody did goes on."""
        await patiently(lambda: self._versions.note(tuple(self._served), UNSERVED))

    async def look_now_and_then(self) -> bool:
        """As `once`, if the last time is some seconds ago."""
        if monotonic() < self._next:
            return False
        self._next = monotonic() + LOOK_SECONDS
        await self.note()
        return await self.once()

    async def once(self) -> bool:
        """Has strays go on with an older version that their journals fit, and holds the others.

        Returns:
            Whether one goes on.

        Raises:
            HanseError: As `Database.fetch`.
        """
        async with self._looking:
            return await self._look()

    async def _look(self) -> bool:
        newest = {name: self._served[name, version] for name, version in sorted(self._served)}
        rows = await self._versions.claim(tuple(newest), GRACE, AT_ONCE)
        found = False
        for row in rows:
            why = await self._why_not(row, newest[row["name"]])
            if why is None:
                version = newest[row["name"]].model.version
                found = await self._versions.adopt(row["id"], row["epoch"], version) or found
            else:
                await self._hold(row, why)
        return found

    async def _why_not(self, row: Any, served: Served) -> str | None:
        """Why an instance cannot go on with a version; None if it can."""
        version = served.model.version
        if row["version"] < version:
            return f"Version {version} came after it."
        id: UUID = row["id"]
        journal = await self._store.journals([id], JOURNAL_BYTES_MAX)
        if not journal.share(id).read:
            return "Its journal is too long to look whether an older version goes on with it."
        try:
            await check_fits(served, dict(row.items()), journal.of(id), self._persons)
        except HanseError as error:
            return f"Version {version} cannot go on with it: {error}"
        return None

    async def _hold(self, row: Any, why: str) -> None:
        error = UnservedVersion(
            f"Version {row['version']} of {row['name']} is served by no host. {why} Serve it and "
            "it goes on by itself; or cancel it then.",
            version=row["version"],
        )
        rest = Rest("held", output=written(error))
        write = Write(row["id"], row["epoch"], lambda _, __: None, rest=rest)
        if await self._store.write([write]):
            self._doubt()
