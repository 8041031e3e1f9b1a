"""Rotates the keyring of a project where that is due, in a process of its own."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.backup.key_table import key_copies
from hanse.fleet.database_url import database_url
from hanse.fleet.state import StateFolder
from hanse.kit.environment import variables
from hanse.runtime.config.secret import Secret
from hanse.runtime.data.database import Database
from hanse.runtime.data.personal.rotation import is_due, rotate
from hanse.runtime.project.failure import explain
from hanse.runtime.project.project import read_project

if TYPE_CHECKING:
    from hanse.runtime.data.database_config import DatabaseConfig
    from hanse.runtime.project.project import Project

NOT_ROTATED = "Who was erased can still be read in copies of the database, as keys do not rotate:"

_THERE = "select to_regclass('hanse.erasure') is not null as there"


def rotate_if_due(folder: Path, environment: str) -> tuple[str, ...]:
    """Rotates if somebody was erased since the last time, and that is a day ago.

    Returns:
        What stands against it, in sentences.
    """
    try:
        project = read_project(folder, environment)
        asyncio.run(_rotate_if_due(project, _config(project)))
    except Exception as error:  # noqa: BLE001 - whatever it is, an operator is told
        return (NOT_ROTATED, *explain(error, folder))
    return ()


async def _rotate_if_due(project: Project, config: DatabaseConfig) -> None:
    async with Database(config) as database:
        row = await database.fetch_row(_THERE)
        if row is None or not row["there"] or not await is_due(database):
            return  # also where no host keeps anything, and there is no keyring
        await database.keys.open()
        await rotate(database, key_copies(project))


def _config(project: Project) -> DatabaseConfig:
    named, state = project.database_url(variables()), StateFolder(Path())
    keys = project.file.keys.path(project.folder, None if named else state.keys)
    url, own = named or Secret(database_url(state)), named is None
    config = project.file.database.config(url, keys=keys, shared=state.connections, own=own)
    return msgspec.structs.replace(config, connections=1)


def main() -> None:
    """Does so for the folder and environment of the command line; sentences as JSON."""
    said = rotate_if_due(Path(sys.argv[1]), sys.argv[2])
    sys.stdout.buffer.write(msgspec.json.encode(said))


if __name__ == "__main__":
    main()
