"""`People`: everything of one person, over all collections, for a service that is asked for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from hanse.runtime.call.context import current
from hanse.runtime.data.people.erased import Erased
from hanse.runtime.data.people.erasing import Erasing
from hanse.runtime.data.people.exporting import Exporting
from hanse.runtime.data.people.person import person_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from hanse.runtime.data.database import Database


class People:
    """The persons of a site. A service asks for it in its constructor.

        def __init__(self, people: People) -> None: ...

        await self._people.erase(contact.id)

    A person is an id, or a text where a collection takes one for a person, such as an e-mail
    address. What is theirs follows from the marks of entities and the statements of stores, those
    of all services of the project, whichever hosts they run in.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def __from_database__(cls, kind: Any, database: Database) -> Self:
        return cls(database)

    async def export(self, person: str) -> AsyncIterator[bytes]:
        """A JSON document with all that is theirs, piece by piece; see `Exporting.pieces`.

        Raises:
            InvalidArgument: This is no person.
            HanseError: The database is away.
        """
        async for piece in self._exporting(person).pieces():
            yield piece

    async def erase(self, person: str) -> Erased:
        """Erases what is theirs; what a law keeps stays sealed under a key of its own.

        Repeated it goes on where it was broken off, and does nothing where nothing is left.

        Raises:
            InvalidArgument: This is no person.
            HanseError: The database or the file store is away.
        """
        context = current()
        asking = context.principal
        found = person_of(self._database.keys.ring, context.site, person)
        who = "themselves" if asking.id == person else f"{asking.kind}:{asking.id}"
        return await Erasing(self._database, found).run(who)

    async def plan(self, person: str) -> Erased:
        """What erasing them would do; nothing is written.

        Raises:
            HanseError: As `erase`.
        """
        found = person_of(self._database.keys.ring, current().site, person)
        return await Erasing(self._database, found).plan()

    def _exporting(self, person: str) -> Exporting:
        found = person_of(self._database.keys.ring, current().site, person)
        return Exporting(self._database, found)
