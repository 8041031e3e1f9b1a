"""Where the data of a project is: what a verb reaches, as the project's hosts would."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, get_args, get_origin

import msgspec

from hanse.cli.dev.database import KEYS, opened_database
from hanse.cli.fleet.called import called
from hanse.cli.fleet.connection import NothingRuns, connected, run
from hanse.cli.place import state_folder
from hanse.cli.refusal import Refused
from hanse.fleet.database_url import database_url
from hanse.kit.environment import variables
from hanse.runtime.config.secret import Secret
from hanse.runtime.data.collection.collection import Collection
from hanse.runtime.project.database_table import VARIABLE
from hanse.runtime.project.strict import like
from hanse.runtime.wiring import kept_in_database

if TYPE_CHECKING:
    from collections.abc import Generator

    from hanse.fleet.state import StateFolder
    from hanse.runtime.data.database_config import DatabaseConfig
    from hanse.runtime.data.entity.entity import Entity
    from hanse.runtime.project.project import Project


@contextmanager
def database_config(
    project: Project, state: StateFolder, *, dev: bool = False
) -> Generator[DatabaseConfig]:
    """One connection to the database that is named, else to the one of the fleet here.

    Args:
        project: Whose.
        state: Of its fleet.
        dev: That of `hanse dev` instead, which is on for the block if it is not anyway.

    Raises:
        SettingsError: It is named, and cannot be used.
        Refused: None is named, and none runs here.
    """
    named = project.database_url(variables())
    if named or not dev:
        if not named:
            run(_check_running(state))
        keys = project.file.keys.path(project.folder, None if named else state.keys)
        url, own = named or Secret(database_url(state)), named is None
        # Where no fleet ever ran, there is nobody to share with.
        shared = state.connections if state.connections.exists() else None
        yield _one(project.file.database.config(url, keys=keys, shared=shared, own=own))
        return
    copy = state_folder(project.folder, "")
    with opened_database(copy) as url:
        yield _one(project.file.database.config(Secret(url), keys=copy / KEYS))


def _one(config: DatabaseConfig) -> DatabaseConfig:
    return msgspec.structs.replace(config, connections=1)


async def _check_running(state: StateFolder) -> None:
    """Looks whether there is a fleet here, with its database."""
    try:
        async with connected(state) as control:
            processes = (await control.status()).processes
    except NothingRuns:
        processes = ()
    if not any(one.kind == "database" for one in processes):
        raise Refused(
            "There is no database to reach: this project names none, and none runs here.",
            f"Start one: {called('up')}; or say where it is: url in [database] of hanse.toml, or "
            f"variable {VARIABLE}. That of hanse dev is another one: --dev",
        )


def entities_of(project: Project, name: str = "") -> dict[str, type[Entity]]:
    """The classes that a project's services keep in collections, by their tables.

    Args:
        project: Whose.
        name: Of one of them: `contacts`, or in full `crm.contacts`.

    Raises:
        Refused: There is none of that name, or there are several.
    """
    kinds = kept_in_database(project.services())
    kept: list[Any] = [get_args(kind)[0] for kind in kinds if get_origin(kind) is Collection]
    known: dict[str, type[Entity]] = {one.__entity__.full_table: one for one in kept}
    if not name:
        return known
    found = {table: one for table, one in known.items() if name in {table, table.split(".")[1]}}
    if len(found) > 1:
        raise Refused(f"{name} may be {' or '.join(sorted(found))}; say which.")
    if not found:
        raise Refused(f"There is no collection {name} in this project{like(name, known)}.")
    return found
