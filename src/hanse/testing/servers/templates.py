"""Databases in which all that services keep is made already, for worlds to copy."""

from __future__ import annotations

import functools
import shutil
from collections import Counter
from typing import TYPE_CHECKING, Any

from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.data.database import Database
from hanse.runtime.data.files.files import Files
from hanse.runtime.data.files.store_config import FileStoreConfig
from hanse.runtime.data.idempotency.once import once_in
from hanse.runtime.data.provided import make, maker_of
from hanse.runtime.errors import HanseError
from hanse.runtime.wiring import kept_in_database
from hanse.testing.servers.postgres_server import shared_server

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hanse.kit.clock import Clock
    from hanse.testing.servers.postgres_server import PostgresServer

TEMPLATES_MAX = 20
"""On one server, where each takes some 10 MB; for one more the oldest goes."""

SEEN_MAX = 1000
"""Kinds of worlds that are counted."""

Kinds = frozenset[Any]


class Templates:
    """Makes a template for worlds of one kind when the second of them comes.

    No service runs for it: it has what collections, stores and the runtime itself make.

    Args:
        server: Where they are.
    """

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._seen: Counter[Kinds] = Counter()
        self._made: dict[Kinds, str] = {}

    async def create(self, services: Sequence[type], files: Path, clock: Clock) -> str:
        """A database for a world of these services, empty or with their tables; its URL.

        Args:
            services: Their classes.
            files: A folder for files, of which none is written.
            clock: When the template's rows were made.
        """
        kinds = frozenset(kept_in_database(services))
        if len(self._seen) < SEEN_MAX:
            self._seen[kinds] += 1
        if self._seen[kinds] == 2:
            await self._make(kinds, files, clock)
        template = self._made.get(kinds)
        url = await self._server.create(template)
        if template is not None:
            keys, copied = self._keys(template), self._keys(url)
            shutil.copytree(keys, copied)
        return url

    async def _make(self, kinds: Kinds, files: Path, clock: Clock) -> None:
        url = await self._server.create()
        database = Database(self._server.direct(url), clock)  # for nobody may be in it later
        Files(database, FileStoreConfig(folder=files))
        once_in(database)
        made: dict[Any, Any] = {}
        try:
            for kind in kinds - {Files}:
                maker = maker_of(kind)
                if maker is not None and maker.__from_database__.__module__.startswith("hanse."):
                    make(kind, database, made)
            async with database:
                whole = database.ready
        except (ConfigurationError, HanseError):
            whole = False  # the world that comes now says what is wrong
        if not whole:
            self._server.drop(url)
            return
        self._made[kinds] = url
        if len(self._made) > TEMPLATES_MAX:
            self._server.drop(self._made.pop(next(iter(self._made))))

    def _keys(self, url: str) -> Path:
        keys = self._server.config(url).keys
        assert keys is not None, "a database for tests has a keyring"
        return keys


@functools.cache
def shared_templates() -> Templates:
    """Those of the one server of this process."""
    return Templates(shared_server())
