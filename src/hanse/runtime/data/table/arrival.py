"""What a collection does before its host is ready, and what it leaves for meanwhile."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hanse.runtime.data.people.place import note, rows_of
from hanse.runtime.data.table.indexing import make_indexes
from hanse.runtime.data.table.retention import RetentionSweep
from hanse.runtime.data.table.table import fill_in_indexes, make_table
from hanse.runtime.data.table.view import keep_view

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database
    from hanse.runtime.data.entity.model import EntityModel


async def prepare_table(database: Database, model: EntityModel) -> None:
    """Has a table ready for its host; what somebody could wait for is done meanwhile.

    Raises:
        HanseError: As `make_table`.
    """
    await make_table(database, model)
    if not await fill_in_indexes(database, model):
        database.upkeep.meanwhile(partial(make_indexes, database, model))
    await keep_view(database, model)
    if model.personal:
        await note(database, rows_of(model))


async def prepare_rules(database: Database, model: EntityModel) -> None:
    """Has ready what the rules of an entity need: keys, and who looks after what is due.

    Raises:
        ConfigurationError: Something is sealed, and there is no keyring for it.
        HanseError: The database is away.
    """
    if model.sealed:
        await database.keys.open()
    if model.retention is not None or model.retained:
        sweep = RetentionSweep(database, model)
        await sweep.prepare()
        database.upkeep.regularly(sweep)
