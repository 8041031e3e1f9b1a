"""Where a project keeps its files, as a backup sees it: a folder or a bucket."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from hanse.fleet.backup.place import Place
from hanse.fleet.state import telling
from hanse.kit.private_folder import make_private

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from hanse.runtime.data.files.store_config import FileStoreConfig

FOLDER_SECONDS = 2.0
BUCKET_SECONDS = 60.0
"""Who lists a bucket pays for every thousand names."""

_NAME = re.compile(r"[0-9a-f]{32}/[0-9a-f]{2}/(?P<uuid>[0-9a-f]{32})")


class KeptFiles:
    """The files by name; none ever changes.

    Args:
        config: A folder or a bucket.

    Attributes:
        folder: The folder; None for a bucket.
        every: Seconds between two looks at all names, at least.
    """

    def __init__(self, config: FileStoreConfig) -> None:
        self._place = Place(config, "Files")
        self.folder = self._place.folder
        self.every = FOLDER_SECONDS if self.folder is not None else BUCKET_SECONDS

    def __str__(self) -> str:
        return str(self._place)

    async def names(self) -> set[str]:
        """Those that are whole; whatever else lies there is nobody's business.

        Raises:
            PlaceError: They cannot be told.
        """
        if self.folder is None:
            found = await self._place.names("")
        else:
            found = await asyncio.to_thread(_walk, self.folder)
        return {name for name in found if _NAME.fullmatch(name)}

    async def open(self, name: str) -> AsyncIterator[bytes] | None:
        """The pieces of a file; None if it is not there.

        Raises:
            PlaceError: It cannot be read.
        """
        return await self._place.open(name)

    async def put(self, name: str, pieces: AsyncIterator[bytes]) -> None:
        """Keeps a file, all of it or nothing.

        Raises:
            PlaceError: It cannot be kept.
        """
        await self._place.put(name, pieces)

    async def move_aside(self, name: str, below: str) -> None:
        """Gives a file another name, under which nobody looks for it.

        Raises:
            PlaceError, StateError: It cannot be.
        """
        if self.folder is not None:
            await asyncio.to_thread(_move, self.folder / name, self.folder / below / name)
            return
        pieces = await self.open(name)
        if pieces is not None:
            await self.put(f"{below}/{name}", pieces)
        await self._place.remove(name)

    def aside(self, below: str) -> str:
        """Where that is, for a person."""
        return f"{self}/{below}"


def _move(path: Path, aside: Path) -> None:
    with telling(path):
        make_private(aside.parent)
        path.rename(aside)


def _walk(folder: Path) -> list[str]:
    return [
        Path(above, name).relative_to(folder).as_posix()
        for above, _, files in os.walk(folder)
        for name in files
    ]


async def copy(name: str, source: Place | KeptFiles, to: str, target: Place | KeptFiles) -> bool:
    """Copies one, piece by piece; whether it was there.

    Raises:
        PlaceError: It cannot be.
    """
    pieces = await source.open(name)
    if pieces is None:
        return False
    await target.put(to, pieces)
    return True
