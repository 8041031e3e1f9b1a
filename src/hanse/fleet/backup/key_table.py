"""The key table in the place of the backups: what a restore of an older moment takes keys from.

A rotation destroys what the keys of older moments are wrapped under. Who lives is in the copy that
it leaves here, wrapped anew; who was erased is not.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hanse.fleet.backup.keyring_copy import KeyringCopy
from hanse.fleet.backup.place import Place
from hanse.fleet.backup.report import order_of
from hanse.fleet.state import StateFolder
from hanse.kit.environment import variables
from hanse.runtime.config.secret import Secret
from hanse.runtime.data.backup.key_copy import copy_of, restore
from hanse.runtime.data.database import Database
from hanse.runtime.data.database_config import DatabaseConfig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from hanse.runtime.project.project import Project

NAME = "key-table.jsonl"

_WHO = "select system_identifier::text as number from pg_control_system()"
_THERE = "select to_regclass('hanse.keyring') is not null as there"
_TAKEN = "select from hanse.keyring"


class KeyCopies:
    """Keeps what there is of keys in the place of the backups, while they rotate.

    Args:
        place: Where backups lie.
    """

    def __init__(self, place: Place) -> None:
        self._place = place

    async def keep_ring(self, database: Database) -> None:
        """Has the generations there that the ring of a database has, and no other.

        Raises:
            PlaceError, KeyringError: It cannot be, or another ring is there.
        """
        folder, number = database.keys.ring.folder, await number_of(database)
        await KeyringCopy(self._place, folder, number).follow()

    async def keep_table(self, database: Database) -> None:
        """Has its key table there, in the place of the one before.

        Raises:
            PlaceError: It cannot be.
        """
        await self._place.put(f"{await number_of(database)}/{NAME}", copy_of(database))


def key_copies(project: Project) -> KeyCopies | None:
    """Those of a project's database, where it is backed up; None if nowhere.

    Raises:
        ConfigurationError: The place is said wrongly.
    """
    place = place_of(project)
    return None if place is None else KeyCopies(place)


def place_of(project: Project) -> Place | None:
    """Where a project's database is backed up to; None if it is not, or by somebody else.

    Raises:
        ConfigurationError: The place is said wrongly.
    """
    given = variables()
    order = order_of(project, StateFolder(Path()), given)
    if order is None or project.database_url(given) is not None:
        return None
    return Place(order.place(given))


async def restore_key_table(place: Place, number: str, url: str) -> int | None:
    """Gives a restored database the keys of the last rotation, where it has those of before.

    Args:
        place: Where backups lie.
        number: Of the database.
        url: Where it is, restored, and used by nobody yet.

    Returns:
        How many keys it was given; None if it has no keys, or was never rotated.

    Raises:
        PlaceError: The copy cannot be read.
        KeyringError: It is of another keyring.
    """
    pieces = await place.open(f"{number}/{NAME}")
    if pieces is None:
        return None
    async with Database(DatabaseConfig(url=Secret(url), connections=1)) as database:
        there = await database.fetch_row(_THERE)
        if there is None or not there["there"] or not await database.fetch(_TAKEN):
            return None
        return await restore(database, _lines(pieces))


async def number_of(database: Database) -> str:
    """By which a database is known in the place of its backups.

    Raises:
        HanseError: It is away.
    """
    row = await database.fetch_row(_WHO)
    assert row is not None
    return row["number"]


async def _lines(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    rest = b""
    async for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line
