"""Receives the log of a database while it is written, and keeps its segments."""

from __future__ import annotations

import asyncio
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

from hanse.fleet.backup.child import Child
from hanse.fleet.backup.records import RECEIVING, WAL
from hanse.fleet.backup.source import SLOT
from hanse.fleet.backup.stream.segment import SEGMENT_BYTES, read_segment
from hanse.fleet.state import telling
from hanse.kit.private_folder import make_private

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from hanse.fleet.backup.place import Place

PARTIAL = ".partial"
PACKED = ".gz"
LEVEL = 1
_GZIP = 31
_PIECE = 1024 * 1024


class Receiver:
    """One life of a database.

    It is received into a folder: in the place of the backups itself, if that is a folder, so that
    each commit is there at once; else beside the database, from where it is sent on.

    Args:
        place: Where segments go that are complete.
        spool: Folder beside the database.
        database: Number of the database.
        timeline: Which of its lives.
    """

    def __init__(self, place: Place, spool: Path, database: str, timeline: int) -> None:
        above = place.folder / database if place.folder else spool / database
        self.folder = above / RECEIVING / f"{timeline:08X}"
        self._place = place
        self._below = f"{database}/{WAL}"
        self._partial = f"{database}/{RECEIVING}/{timeline:08X}"
        self._sent: tuple[str, int] | None = None

    async def run(self, programs: Path, url: str, environment: Mapping[str, str]) -> str:
        """Receives until that ends, and tells why.

        Raises:
            StateError: The folder cannot be written.
        """
        await asyncio.to_thread(self._prepare)
        command = (
            *(str(programs / "pg_receivewal"), "--directory", str(self.folder)),
            *("--slot", SLOT, "--synchronous", "--no-loop", "--status-interval", "1"),
            *("--dbname", f"{url}&application_name={SLOT}"),
        )
        async with Child(command, environment) as child:
            await child.read_nothing()
            return await child.ended()

    async def keep_complete(self) -> None:
        """Keeps what is complete, and gives it up here.

        Raises:
            PlaceError: It cannot be kept.
        """
        for path in await asyncio.to_thread(self._complete):
            await self._place.put(f"{self._below}/{path.name}{PACKED}", packed(path))
            path.unlink(missing_ok=True)

    async def send_partial(self) -> None:
        """Sends what is not complete, where it is received beside the database.

        Raises:
            PlaceError: It cannot be sent.
        """
        if self._place.folder is not None:
            return
        for path in await asyncio.to_thread(self._partials):
            seen = (path.name, path.stat().st_mtime_ns)
            if seen == self._sent:
                continue
            with suppress(FileNotFoundError):  # it is complete meanwhile
                await self._place.put(f"{self._partial}/{path.name}{PACKED}", packed(path))
                await self._forget_sent(path.name)
                self._sent = seen

    async def give_up(self) -> None:
        """Keeps also what will never be complete, because the log goes on behind a gap.

        Raises:
            PlaceError: It cannot be kept.
        """
        await self.keep_complete()
        for path in await asyncio.to_thread(self._partials):
            await self._place.put(f"{self._below}/{path.name}{PACKED}", packed(path))
            path.unlink(missing_ok=True)

    async def _forget_sent(self, name: str) -> None:
        if self._sent is not None and self._sent[0] != name:
            await self._place.remove(f"{self._partial}/{self._sent[0]}{PACKED}")

    def _prepare(self) -> None:
        """Takes away a segment that was cut short while it was begun: nothing is in it yet."""
        with telling(self.folder):
            make_private(self.folder)
            for path in self._partials():
                if path.stat().st_size != SEGMENT_BYTES:
                    path.unlink()

    def _complete(self) -> list[Path]:
        with telling(self.folder):
            found = sorted(self.folder.glob("*")) if self.folder.is_dir() else []
        return [one for one in found if one.suffix == ".history" or _is_segment(one.name)]

    def _partials(self) -> list[Path]:
        return sorted(self.folder.glob(f"*{PARTIAL}"))


def _is_segment(name: str) -> bool:
    segment = read_segment(name)
    return segment is not None and segment.name == name


async def packed(path: Path) -> AsyncIterator[bytes]:
    """A file as gzip packs it: what is empty of a segment takes no room."""
    packer = zlib.compressobj(LEVEL, wbits=_GZIP)
    with path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            if said := await asyncio.to_thread(packer.compress, piece):
                yield said
    yield packer.flush()
