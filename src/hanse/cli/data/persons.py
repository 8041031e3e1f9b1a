"""What the verbs of persons reach: the database with its keyring, the files, the places noted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from hanse.cli.data.place import database_config, entities_of
from hanse.cli.fleet.called import called
from hanse.cli.fleet.connection import enter_project, run
from hanse.cli.place import open_project
from hanse.cli.refusal import Refused
from hanse.kit.environment import variables
from hanse.runtime.data.database import Database
from hanse.runtime.data.files.failures import StoreAway
from hanse.runtime.data.files.store import FileStore
from hanse.runtime.data.files.sweep import FileSweep
from hanse.runtime.data.people.place import note, rows_of
from hanse.runtime.data.people.store_statements import statements_on_persons
from hanse.runtime.data.rows.store import Store
from hanse.runtime.data.upkeep import Upkeep
from hanse.runtime.errors import InvalidArgument, Unavailable
from hanse.runtime.wiring import kept_in_database

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from hanse.runtime.data.database_config import DatabaseConfig
    from hanse.runtime.project.project import Project

T = TypeVar("T")


class Reached(NamedTuple):
    """A project's data.

    Attributes:
        project: Whose.
        database: With its keyring open.
        files: Where bytes of files lie.
    """

    project: Project
    database: Database
    files: FileStore


def in_database(
    environment: str, work: Callable[[Reached], Coroutine[Any, Any, T]], *, dev: bool = False
) -> T:
    """Works in the database that the project names, else in that of `hanse up` here.

    Args:
        environment: Which `[environments.NAME]` applies.
        work: Is given what is reached.
        dev: In that of `hanse dev` instead.

    Raises:
        Refused: It does not answer, or what is asked for is wrong.
        KeyringError: Its keyring is not there.
    """
    state = enter_project()
    project = open_project(environment)
    try:
        with database_config(project, state, dev=dev) as config:
            return run(_reach(project, config, work))
    except InvalidArgument as error:
        raise Refused(str(error)) from error
    except StoreAway as error:
        raise Refused(
            f"Files cannot be reached: {error.__cause__ or error}",
            "Look at [file_store] of hanse.toml and whether it answers; then run this again.",
        ) from error
    except Unavailable as error:
        remedy = f"Start it: {called('up')}; or say where it is: url in [database] of hanse.toml."
        raise Refused(
            f"The database cannot be reached: {error.__cause__ or error}", remedy
        ) from error


async def _reach(
    project: Project, config: DatabaseConfig, work: Callable[[Reached], Coroutine[Any, Any, T]]
) -> T:
    async with Database(Upkeep(config).config) as database:
        files = FileStore(project.file_store(variables()))
        database.upkeep.drop_erased = FileSweep(database, files).drop_erased
        await database.keys.open()
        return await work(Reached(project, database, files))


async def note_places(found: Reached) -> None:
    """Notes what the project's services say of persons, and tells of stores that say nothing.

    Hosts note it too, when they start; this may be a release of which none has run yet.

    Raises:
        ConfigurationError: The services cannot be imported.
    """
    for entity in entities_of(found.project).values():
        if entity.__entity__.personal:
            await note(found.database, rows_of(entity.__entity__))
    for kind in kept_in_database(found.project.services()):
        if not isinstance(kind, type) or not issubclass(kind, Store):
            continue
        place = statements_on_persons(kind)
        if place.exports or place.erases:
            await note(found.database, place)
        else:
            click.echo(
                f"{kind.__name__} (tables of {kind.schema}) says nothing of persons: if it keeps "
                "any, declare export_person and erase_person there.",
                err=True,
            )
