"""How tables are brought up to date: a store's before its host is ready, or all that there are."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

from hanse.runtime.data.migrations.drift import tell_drift
from hanse.runtime.data.migrations.migration import MigrationError, read_migrations
from hanse.runtime.data.migrations.run import Migrations
from hanse.runtime.data.people.store_statements import note_statements
from hanse.runtime.data.rows.fit import StoreError, fit
from hanse.runtime.data.rows.store import Store, migrations_folder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from hanse.runtime.data.database import Database
    from hanse.runtime.data.migrations.migration import Migration


def migrations_of(kinds: Iterable[Any]) -> tuple[Migration, ...]:
    """The files of all stores among types, each schema's once and in their order.

    Args:
        kinds: What constructors ask for; what is no store is passed over.

    Raises:
        ConfigurationError: A file is wrong, or two folders say what one schema is.
    """
    found: dict[str, dict[Path, tuple[Migration, ...]]] = {}
    problems: list[str] = []
    for store in kinds:
        if not inspect.isclass(store) or not issubclass(store, Store):
            continue
        folder = migrations_folder(store)
        try:
            files = read_migrations(folder, store.schema)
        except MigrationError as error:
            problems += error.problems
        else:
            found.setdefault(store.schema, {}).update({folder: files} if files else {})
    problems += [_parted(schema, folders) for schema, folders in found.items() if len(folders) > 1]
    if problems:
        raise MigrationError(*dict.fromkeys(problems))
    return tuple(
        file for schema in sorted(found) for files in found[schema].values() for file in files
    )


def _parted(schema: str, folders: Iterable[Path]) -> str:
    named = " and ".join(map(str, folders))
    return f"{schema}: {named} both say what it is; keep the files of a schema in one folder."


async def arrive(store: type[Store], database: Database) -> None:
    """Applies the migrations of a store that run before its release, and fits it to its tables.

    Raises:
        ConfigurationError: Migrations are wrong or may not be applied here, or the store does not
            fit its tables.
        HanseError: The database cannot be reached.
    """
    files = await asyncio.to_thread(read_migrations, migrations_folder(store), store.schema)
    migrations = Migrations(files, database.config, database.clock)
    if database.config.migrate == "start":
        await migrations.apply()
    else:
        agenda = await migrations.agenda()
        if agenda or agenda.problems:
            names = ", ".join(each.name for each in agenda.steps)
            raise StoreError(
                *agenda.problems,
                f"The tables of {store.schema} are behind: {names} were not applied, and this host "
                "may not do it. Run hanse migrate first, or let hosts do it when they start: "
                'migrate = "start" in [database].',
            )
    await fit(database, [store])
    if files:
        await tell_drift(database, store.schema)
    await note_statements(database, store)
