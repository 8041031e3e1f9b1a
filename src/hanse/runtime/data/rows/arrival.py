"""What a store does before its host is ready: brings its tables up to date, and looks at them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hanse.runtime.data.migrations.migration import read_migrations
from hanse.runtime.data.migrations.run import Migrations
from hanse.runtime.data.rows.fit import StoreError, fit
from hanse.runtime.data.rows.store import migrations_folder

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database
    from hanse.runtime.data.rows.store import Store


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
