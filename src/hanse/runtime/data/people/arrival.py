"""What a host does for persons before it is ready, and what it leaves for meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.data.people.kept_sweep import KeptSweep

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database


async def prepare_persons(database: Database) -> None:
    """Takes the keyring of a database, and looks after what is kept of those who are erased.

    Raises:
        KeyringError: There is none, or it is of another database.
        HanseError: The database is away.
    """
    await database.keys.open()
    database.upkeep.meanwhile(KeptSweep(database).run)
