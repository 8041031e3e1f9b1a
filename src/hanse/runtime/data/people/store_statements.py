"""What a store says of persons: statements that export one, and statements that erase one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.data.people.place import Statements, note
from hanse.runtime.data.rows.fit import StoreError
from hanse.runtime.data.rows.proof import prove
from hanse.runtime.data.rows.statement import Query
from hanse.runtime.data.rows.store import statements_of

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database
    from hanse.runtime.data.rows.statement import Statement
    from hanse.runtime.data.rows.store import Store

EXPORT, ERASE = "export_person", "erase_person"
"""What the names of such statements begin with."""


def statements_on_persons(store: type[Store]) -> Statements:
    """A store's statements of persons, as they are proven.

    Raises:
        StoreError: One takes other arguments than the person, or does not do what it is called.
    """
    found = [one for one in statements_of(store) if one.name.startswith((EXPORT, ERASE))]
    problems = [said for one in found if (said := _wrong(store, one))]
    if problems:
        raise StoreError(*problems)
    plan = prove(store)
    texts = {one.name: plan[one.name].checked.text for one in found}
    return Statements(
        relation=f"{store.schema}:{store.__name__}",
        exports={name: text for name, text in texts.items() if name.startswith(EXPORT)},
        erases={name: text for name, text in texts.items() if name.startswith(ERASE)},
        rows=max((one.rows for one in found), default=0),
    )


async def note_statements(database: Database, store: type[Store]) -> None:
    """Notes them for whoever exports or erases a person.

    Raises:
        StoreError: As `statements_on_persons`.
        HanseError: The database is away.
    """
    place = statements_on_persons(store)
    if place.exports or place.erases:
        await note(database, place)


def _wrong(store: type[Store], statement: Statement) -> str:
    checked = prove(store)[statement.name].checked
    where, exports = f"{store.__name__}.{statement.name}", statement.name.startswith(EXPORT)
    if not checked.of_site or checked.arguments != 1:
        return f"{where} takes the site as $1 and the person as $2, a text, and nothing else."
    if exports != isinstance(statement, Query):
        return f"{where} has to {'give rows' if exports else 'change rows and give none'}."
    return ""
