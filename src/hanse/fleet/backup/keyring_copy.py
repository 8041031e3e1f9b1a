"""The keyring in the place of the backups: the generations that live, and no other."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.backup.place import PlaceError
from hanse.fleet.backup.records import KEYS
from hanse.runtime.data.personal.key_files import (
    RING,
    SECRET,
    RingFile,
    generation_in,
    generation_path,
    generations_in,
)

if TYPE_CHECKING:
    from pathlib import Path

    from hanse.fleet.backup.place import Place


class KeyringCopy:
    """Follows the ring of one database.

    Args:
        place: Where it is copied to.
        folder: Of the ring; None if the project has it where nobody says.
        database: Number of the database.
    """

    def __init__(self, place: Place, folder: Path | None, database: str) -> None:
        self._place = place
        self._folder = folder
        self._below = f"{database}/{KEYS}"
        self._there: dict[str, bytes] | None = None

    async def follow(self) -> None:
        """Copies what is new, and takes away what was destroyed here.

        Raises:
            PlaceError, KeyringError: It cannot be, or another ring is there, or one that is newer.
        """
        wanted = await self._wanted()
        if not wanted or wanted == self._there:
            return
        there = await self.read()
        wanted = await self._wanted()  # who rotates copies too: what is there by now was here
        if not wanted:
            return
        if RING in there and ring_id(there[RING]) != ring_id(wanted[RING]):
            raise PlaceError(
                f"{self._place} has another keyring of this database than {self._folder}. Which of "
                "them opens its data, hanse up says; put that one there."
            )
        newest = max(map(generation_in, there), default=0)
        if newest > max(map(generation_in, wanted), default=0):
            raise PlaceError(
                f"The keyring {self._folder} is older than its copy in {self._place}, and lacks "
                f"generation {newest}: copy generation-{newest}.key from there."
            )
        # What says which ring it is comes last: who finds it finds all of it.
        for name in sorted(wanted, key=lambda one: one == RING):
            was_destroyed = RING in there and name not in there and 0 < generation_in(name) < newest
            if there.get(name) != wanted[name] and not was_destroyed:
                await self._place.write(f"{self._below}/{name}", wanted[name])
        for name in there.keys() - wanted.keys():
            await self._place.remove(f"{self._below}/{name}")
        self._there = wanted

    async def _wanted(self) -> dict[str, bytes]:
        return await asyncio.to_thread(_files, self._folder) if self._folder else {}

    async def read(self) -> dict[str, bytes]:
        """The files that are there.

        Raises:
            PlaceError: They cannot be read.
        """
        names = await self._place.names(self._below)
        read = {name.rpartition("/")[2]: await self._place.read(name) for name in names}
        return {name: data for name, data in read.items() if data is not None}


def _files(folder: Path) -> dict[str, bytes]:
    """All that a ring is made of; nothing while there is none."""
    if not (folder / RING).exists():
        return {}
    paths = [folder / RING, folder / SECRET]
    paths += [generation_path(folder, number) for number in generations_in(folder)]
    return {path.name: path.read_bytes() for path in paths}


def ring_id(ring: bytes) -> str:
    """Which ring it is, by what its `ring.json` says; empty for what is damaged."""
    try:
        return msgspec.json.decode(ring, type=RingFile).id
    except msgspec.DecodeError:
        return ""
