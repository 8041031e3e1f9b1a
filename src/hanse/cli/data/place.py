"""Where the data of a project is: what a verb reaches, as the project's hosts would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args, get_origin

import msgspec

from hanse.cli.refusal import Refused
from hanse.fleet.engine.postgres import database_url
from hanse.kit.environment import variables
from hanse.runtime.config.secret import Secret
from hanse.runtime.data.collection.collection import Collection
from hanse.runtime.project.strict import like
from hanse.runtime.wiring import kept_in_database

if TYPE_CHECKING:
    from hanse.fleet.state import StateFolder
    from hanse.runtime.data.database_config import DatabaseConfig
    from hanse.runtime.data.entity.entity import Entity
    from hanse.runtime.project.project import Project


def database_config(project: Project, state: StateFolder) -> DatabaseConfig:
    """One connection to the database that is named, else to the one of the fleet here.

    Raises:
        SettingsError: It is named, and cannot be used.
    """
    named = project.database_url(variables())
    keys = project.file.keys.path(project.folder, None if named else state.keys)
    config = project.file.database.config(named or Secret(database_url(state)), keys=keys)
    return msgspec.structs.replace(config, connections=1)


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
