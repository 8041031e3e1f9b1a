"""`Files`: takes files in and gives them out, as services and the host itself use it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Self

from hanse.kit.fault_points import reached
from hanse.kit.uuid7 import Uuid7Source
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.contract.file import Accepts, File
from hanse.runtime.data.collection.stored import site
from hanse.runtime.data.files.file_rows import FileRows, id_of, uuid_of
from hanse.runtime.data.files.intake import Intake
from hanse.runtime.data.files.name import cleaned
from hanse.runtime.data.files.signature import is_signed, name_in, read_key, signed_query
from hanse.runtime.data.files.store import FileStore
from hanse.runtime.data.files.sweep import FileSweep
from hanse.runtime.data.files.tables import make_tables
from hanse.runtime.errors import Aborted, HanseError, NotFound, Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from uuid import UUID

    from hanse.runtime.data.database import Database
    from hanse.runtime.data.files.store_config import FileStoreConfig

log = logging.getLogger("hanse.files")

NO_FILES = (
    "This host keeps no files: it needs a database, and HostConfig(file_store=FileStoreConfig("
    "folder=…)) or [file_store] in hanse.toml."
)

URL_SECONDS = 300

URL_SECONDS_MAX = 7 * 86_400


class Files:
    """The files of all sites, of which a call sees its own. A service asks for it by type.

        def __init__(self, files: Files) -> None: ...

        address = self._files.url(application.cv)

    Args:
        database: Knows which there are.
        config: Where their bytes lie.
    """

    def __init__(self, database: Database, config: FileStoreConfig) -> None:
        self._database = database
        self._store = FileStore(config)
        self._rows = FileRows(database)
        self._ids = Uuid7Source()
        self._key = b""
        self._folder = ""
        self._free = config.uploads
        self.sweep = FileSweep(database, self._store)
        database.upkeep.drop_erased = self.sweep.drop_erased
        database.prepare(self._prepare)

    @classmethod
    def __from_database__(cls, kind: Any, database: Database) -> Self:
        raise ConfigurationError(NO_FILES)

    def url(self, file: File, *, seconds: int = URL_SECONDS) -> str:
        """An address, from the first `/` on, at which a file can be had without signing in.

        Args:
            file: One of the running call's site.
            seconds: For how long, a week at most.

        Raises:
            ValueError: `seconds` is out of range.
        """
        if not 1 <= seconds <= URL_SECONDS_MAX:
            raise ValueError(f"seconds={seconds} is not within 1 and {URL_SECONDS_MAX}")
        end = int(self._database.clock.now().timestamp()) + seconds
        return f"{self._folder}/{file.id}?{signed_query(self._key, site(), file, end)}"

    async def save(
        self, name: str, pieces: AsyncIterator[bytes], accepts: Accepts | None = None
    ) -> File:
        """Keeps a file that a service made. Nobody refers to it yet: who does not, loses it.

        Raises:
            InvalidArgument: It is of a kind, or a size, that is not accepted.
            HanseError: It cannot be kept.
        """
        return await self.take(site(), name, pieces, accepts or Accepts())

    async def read(self, file: File) -> AsyncIterator[bytes]:
        """The bytes of a file of the running call's site, as they come.

        Raises:
            NotFound: The site has no such file.
            HanseError: It cannot be read now.
        """
        _, pieces = await self.open(site(), file.id)
        async with aclosing(pieces):  # pyright: ignore[reportArgumentType]  a generator
            async for piece in pieces:
                yield piece

    # Its host calls these.

    def serve_below(self, folder: str) -> None:
        """Says below which path its host serves files."""
        self._folder = self._folder or folder

    async def take(
        self, site: str, name: str, pieces: AsyncIterator[bytes], accepts: Accepts
    ) -> File:
        """Keeps a file as it comes, and nothing of it if anything is wrong.

        Raises:
            FileTooLarge, FileRefused: It is not one that is accepted.
            Unavailable: This host takes in all the files it can.
            HanseError: It does not come, or cannot be kept.
        """
        if not self._free:
            raise Unavailable("This host takes in all the files it can; try again.", retry_after=1)
        self._free -= 1
        try:
            intake = Intake(pieces, accepts)
            await intake.begin()
            return await self._keep(site, cleaned(name), intake)
        finally:
            self._free += 1

    async def drop(self, site: str, file: File) -> None:
        """Takes back one that nobody outside was told of; what fails is left to the sweep."""
        await asyncio.shield(self._remove(site, uuid_of(file.id), hide=True))

    async def open(
        self, site: str, file_id: str, start: int = 0, end: int | None = None
    ) -> tuple[File, AsyncIterator[bytes]]:
        """A file, nameless, and its bytes from start up to end, without end.

        Raises:
            NotFound: The site has no such file.
        """
        file = await self.find(site, file_id)
        end = file.size if end is None else min(end, file.size)
        pieces = await self._store.read(site, uuid_of(file_id), start, end)
        if pieces is None:
            log.error("the bytes of %s are missing in the file store", file_id)
            raise _missing()
        return file, pieces

    async def find(self, site: str, file_id: str) -> File:
        """What is known of a file but its name; `NotFound` if the site has no such file."""
        try:
            file = await self._rows.find(site, uuid_of(file_id))
        except ValueError:
            file = None
        if file is None:
            raise _missing()
        return file

    def opens(self, site: str, file_id: str, end: int, signature: str) -> bool:
        """Whether an address was signed by us for this file, and still holds."""
        signed = is_signed(self._key, site, file_id, end, signature)
        return signed and self._database.clock.now().timestamp() < end

    def name_in(self, site: str, file_id: str, end: int, given: str) -> str:
        """What a file is called by such an address; empty where that does not say it."""
        return name_in(self._key, site, file_id, end, given)

    # Inside.

    async def _prepare(self) -> None:
        await make_tables(self._database)
        self._key = await read_key(self._database)
        self._database.upkeep.meanwhile(self.sweep.run)

    async def _keep(self, site: str, name: str, intake: Intake) -> File:
        uuid = self._ids.draw(self._database.clock.now())
        await self._rows.begin(site, uuid)
        try:
            await self._store.put(site, uuid, intake.pieces())
            await reached("files.stored")
            file = File(
                id=id_of(uuid),
                name=name,
                size=intake.size,
                media_type=intake.media_type,
                sha256=intake.sha256,
            )
            await self._complete(site, file)
            await reached("files.row_kept")
        except BaseException:
            await asyncio.shield(self._remove(site, uuid))
            raise
        return file

    async def _complete(self, site: str, file: File) -> None:
        if not await self._rows.complete(site, file):
            raise Aborted("The file took too long to come.")

    async def _remove(self, site: str, uuid: UUID, *, hide: bool = False) -> None:
        try:
            if hide:
                await self._rows.hide(site, uuid)
            await self._store.delete(site, uuid)
            await self._rows.forget(site, uuid)
        except HanseError:
            log.warning("a file that was refused is left to the sweep", exc_info=True)


def _missing() -> NotFound:
    return NotFound("There is no such file.")
