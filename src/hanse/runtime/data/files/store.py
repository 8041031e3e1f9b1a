"""What keeps the bytes of files: a folder or a bucket, by one interface."""

from __future__ import annotations

import asyncio
import hashlib
import os
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hanse.kit.private_folder import make_private
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.data.files.failures import StoreAway, StoreFull
from hanse.runtime.data.files.versions import Versions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path
    from uuid import UUID

    from hanse.runtime.data.files.store_config import FileStoreConfig

PART_BYTES = 5 * 1024 * 1024
"""Of what comes in, so much is sent on at once; S3 takes no smaller parts."""

PARTS_AT_ONCE = 1

RETRY_SECONDS = 10.0
CONNECT_TIMEOUT = timedelta(seconds=5)

READ_BYTES = 256 * 1024

_NO_SPACE = ("os error 28", "os error 122", "No space left", "Disk quota")


class FileStore:
    """Keeps files by site and uuid, and by nothing that a sender says.

    Args:
        config: Where.
        retry_seconds: For how long a bucket that does not answer is tried again.
    """

    def __init__(self, config: FileStoreConfig, retry_seconds: float = RETRY_SECONDS) -> None:
        if (config.folder is None) == (not config.bucket):
            raise ConfigurationError("A file store is a folder or a bucket: give one of the two.")
        if (config.access_key is None) != (config.secret_key is None):
            raise ConfigurationError("Of a bucket's access_key and secret_key one is missing.")
        self._config = config
        self._retry_seconds = retry_seconds
        self._folder = config.folder.absolute() if config.folder else None
        self._opened: Any = None
        self._versions: Versions | None = None

    async def put(self, site: str, uuid: UUID, pieces: AsyncIterator[bytes]) -> None:
        """Keeps all pieces, or nothing; when it returns they outlive a loss of power.

        Raises:
            StoreFull: There is no room.
            StoreAway: It cannot be reached.
        """
        import obstore

        path = path_of(site, uuid)
        given = Given(pieces)
        try:
            await obstore.put_async(
                self._store,
                path,
                given.pieces(),
                chunk_size=PART_BYTES,
                max_concurrency=PARTS_AT_ONCE,
            )
            if self._folder is not None:
                await asyncio.to_thread(make_last, self._folder, path)
        except Exception as error:
            if given.failure is not None:  # of who gave the pieces, not of what keeps them
                raise given.failure from None
            raise _failure(error) from error

    async def read(
        self, site: str, uuid: UUID, start: int, end: int
    ) -> AsyncIterator[bytes] | None:
        """The bytes from start up to end, without end; None if there is no such file.

        Raises:
            StoreAway: It cannot be reached.
        """
        import obstore

        if start >= end:
            return _nothing()
        try:
            found = await obstore.get_async(
                self._store, path_of(site, uuid), options={"range": (start, end)}
            )
        except FileNotFoundError:
            return None
        except Exception as error:
            raise _failure(error) from error
        return _pieces(found)

    async def delete(self, site: str, uuid: UUID) -> None:
        """Has it gone, with all its versions and what broken-off writing left; it may be already.

        Raises:
            StoreAway: It cannot be reached.
        """
        import obstore

        path = path_of(site, uuid)
        try:
            with suppress(FileNotFoundError):
                await obstore.delete_async(self._store, path)
        except Exception as error:
            raise _failure(error) from error
        if self._folder is not None:
            await asyncio.to_thread(_remove_left, self._folder / path)
        else:
            await asyncio.to_thread(self._delete_versions, path)

    def _delete_versions(self, path: str) -> None:
        if self._versions is None:
            self._versions = Versions(self._config)
        self._versions.delete(path)

    @property
    def _store(self) -> Any:
        if self._opened is None:
            self._opened = self._open()
        return self._opened

    def _open(self) -> Any:
        return opened(self._config, self._retry_seconds)


def opened(config: FileStoreConfig, retry_seconds: float = RETRY_SECONDS) -> Any:
    """A store of obstore; a folder is made if it is not there.

    Args:
        config: Which.
        retry_seconds: For how long a bucket that does not answer is tried again.
    """
    from obstore.store import LocalStore, S3Store

    if config.folder is not None:
        make_private(config.folder.absolute())
        return LocalStore(config.folder.absolute())
    named: dict[str, Any] = {}
    if config.endpoint:
        named["endpoint"] = config.endpoint
    if config.access_key and config.secret_key:
        named["access_key_id"] = config.access_key.reveal()
        named["secret_access_key"] = config.secret_key.reveal()
    plain = config.endpoint.startswith("http://")
    return S3Store(
        config.bucket,
        prefix=config.prefix or None,
        region=config.region,
        client_options={"allow_http": plain, "connect_timeout": CONNECT_TIMEOUT},
        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=retry_seconds)},
        **named,
    )


def path_of(site: str, uuid: UUID) -> str:
    """Where a file lies: sites apart, and no folder with more than a part of a site's files."""
    apart = hashlib.sha256(site.encode()).hexdigest()[:32]
    return f"{apart}/{uuid.hex[-2:]}/{uuid.hex}"


class Given:
    """Pieces on their way into a store, and what their giver raised.

    Attributes:
        failure: What that was, to be told from what the store raises; None so far.
    """

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces = pieces
        self.failure: Exception | None = None

    async def pieces(self) -> AsyncIterator[bytes]:
        """As they were given."""
        try:
            async for piece in self._pieces:
                yield piece
        except Exception as error:
            self.failure = error
            raise


async def _pieces(found: Any) -> AsyncIterator[bytes]:
    try:
        async for piece in found.stream(min_chunk_size=READ_BYTES):
            yield bytes(piece)
    except OSError as error:
        raise _failure(error) from error


async def _nothing() -> AsyncIterator[bytes]:
    for piece in ():
        yield piece


def _failure(error: Exception) -> StoreFull | StoreAway:
    said = str(error)
    if any(one in said for one in _NO_SPACE):
        return StoreFull("There is no room left for files.", retry_after=60).because(error)
    return StoreAway("Files cannot be reached now; try again.", retry_after=5).because(error)


def make_last(folder: Path, path: str) -> None:
    """Has a file and the folders that lead to it written to the disk itself."""
    place = folder / path
    _sync(place, os.O_RDONLY)
    while place != folder:
        place = place.parent
        _sync(place, os.O_RDONLY | os.O_DIRECTORY)


def _sync(place: Path, flags: int) -> None:
    descriptor = os.open(place, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_left(place: Path) -> None:
    """What a writer that was killed left beside a file: `name#1`, as object_store calls it."""
    for left in place.parent.glob(f"{place.name}#*"):
        left.unlink(missing_ok=True)
