"""Where backups lie: objects by name in a folder or a bucket, each there whole or not at all."""

from __future__ import annotations

import asyncio
import importlib
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hanse.fleet.state import telling
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.data.files.store import Given, make_last, opened
from hanse.runtime.data.files.versions import Versions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from hanse.runtime.data.files.store_config import FileStoreConfig

obstore: Any = importlib.import_module("obstore")

PART_BYTES = 8 * 1024 * 1024
READ_BYTES = 1024 * 1024
RETRY_SECONDS = 5.0
_NO_SPACE = ("os error 28", "os error 122", "No space left", "Disk quota")
_DRAFT = re.compile(r".*#\d+")


class PlaceError(ConfigurationError):
    """The place of backups, or of files, cannot be used now; what is tried again may succeed."""


class Place:
    """Keeps objects, and tells which there are.

    Args:
        config: A folder or a bucket.
        kept: What is kept there, for a person.

    Attributes:
        folder: The folder; None for a bucket.
    """

    def __init__(self, config: FileStoreConfig, kept: str = "Backups") -> None:
        self._config = config
        self._kept = kept
        self.folder = config.folder.absolute() if config.folder else None
        self._opened: Any = None
        self._versions: Versions | None = None

    def __str__(self) -> str:
        if self.folder is not None:
            return str(self.folder)
        return f"s3://{self._config.bucket}/{self._config.prefix}".rstrip("/")

    async def names(self, below: str) -> list[str]:
        """Names of all objects that begin with `below/`, in order.

        Raises:
            PlaceError: They cannot be told.
        """
        found: list[str] = []
        try:
            store = self._store()
            async for some in obstore.list(store, prefix=below):
                found += [one["path"] for one in some]
        except Exception as error:
            raise self._failure(error) from error
        return sorted(found)

    async def folders(self) -> list[str]:
        """What the names of objects begin with, up to their first `/`.

        Raises:
            PlaceError: They cannot be told.
        """
        try:
            found = await obstore.list_with_delimiter_async(self._store(), None)
        except Exception as error:
            raise self._failure(error) from error
        return sorted(str(one).strip("/") for one in found["common_prefixes"])

    async def put(self, name: str, pieces: AsyncIterator[bytes]) -> None:
        """Keeps all pieces, or nothing; when it returns they outlive a loss of power.

        Raises:
            PlaceError: It cannot be kept.
        """
        given = Given(pieces)
        try:
            await obstore.put_async(
                self._store(), name, given.pieces(), chunk_size=PART_BYTES, max_concurrency=2
            )
            if self.folder is not None:
                await asyncio.to_thread(make_last, self.folder, name)
        except Exception as error:
            if given.failure is not None:  # of who gave them, not of the place
                raise given.failure from None
            raise self._failure(error) from error

    async def write(self, name: str, data: bytes) -> None:
        """Keeps a small object instead of the one that is there.

        Raises:
            PlaceError: It cannot be kept.
        """
        await self.put(name, _one(data))

    async def read(self, name: str) -> bytes | None:
        """A small object; None if there is none.

        Raises:
            PlaceError: It cannot be read.
        """
        pieces = await self.open(name)
        return None if pieces is None else b"".join([piece async for piece in pieces])

    async def open(self, name: str) -> AsyncIterator[bytes] | None:
        """The pieces of an object; None if there is none.

        Raises:
            PlaceError: It cannot be read.
        """
        try:
            return self._pieces(await obstore.get_async(self._store(), name))
        except FileNotFoundError:
            return None
        except Exception as error:
            raise self._failure(error) from error

    def fetch(self, name: str) -> Iterator[bytes]:
        """The pieces of an object that is there, for a thread.

        Raises:
            PlaceError: It cannot be read, or is gone.
        """
        try:
            for piece in obstore.get(self._store(), name).stream(min_chunk_size=READ_BYTES):
                yield bytes(piece)
        except Exception as error:
            raise self._failure(error) from error

    async def remove(self, name: str) -> None:
        """Has an object gone, with all its versions; it may be gone already.

        Raises:
            PlaceError: It cannot be.
        """
        try:
            with suppress(FileNotFoundError):
                await obstore.delete_async(self._store(), name)
            if self.folder is None:
                await asyncio.to_thread(self._delete_versions, name)
        except Exception as error:
            raise self._failure(error) from error

    def _delete_versions(self, name: str) -> None:
        """A bucket that keeps versions would keep what is to be forgotten, as keys."""
        if self._versions is None:
            self._versions = Versions(self._config)
        self._versions.delete(name)

    def tidy(self, below: str) -> None:
        """Takes away what killed writers left of objects; only for who writes there alone.

        Raises:
            StateError: It cannot be.
        """
        if self.folder is None:
            return
        with telling(self.folder):
            for above, folders, files in os.walk(self.folder / below, topdown=False):
                for name in filter(_DRAFT.fullmatch, files):
                    Path(above, name).unlink(missing_ok=True)
                for name in folders:
                    with suppress(OSError):  # something is in it
                        Path(above, name).rmdir()

    async def _pieces(self, found: Any) -> AsyncIterator[bytes]:
        try:
            async for piece in found.stream(min_chunk_size=READ_BYTES):
                yield bytes(piece)
        except Exception as error:
            raise self._failure(error) from error

    def _store(self) -> Any:
        if self._opened is None:
            self._opened = opened(self._config, RETRY_SECONDS)
        return self._opened

    def _failure(self, error: Exception) -> PlaceError:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        if any(one in str(error) for one in _NO_SPACE):
            return PlaceError(f"There is no room left in {self}. Free some, or keep less.")
        return PlaceError(f"{self._kept} cannot be reached in {self}: {said[:300]}")


async def _one(data: bytes) -> AsyncIterator[bytes]:
    yield data
