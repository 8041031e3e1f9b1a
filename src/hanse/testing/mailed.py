"""What a world's services have mailed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.call.context import DEFAULT_SITE
from hanse.runtime.data.collection.collection import Collection
from hanse.runtime.identity.principal import VISITOR
from hanse.runtime.mail.stored import StoredLetter
from hanse.testing.acting import acting

if TYPE_CHECKING:
    from hanse.runtime.mail.stored import Written
    from hanse.testing.world import World

LETTERS_MAX = 1000


async def mailed(world: World, *, site: str = DEFAULT_SITE) -> list[Written]:
    """The letters that were written at a site, oldest first.

        assert [one.to for one in await mailed(world)] == ["ada@example.org"]

    A world sends none of them, unless `provided` has a `MailConfig` that names a server.

    Args:
        world: Whose services mail.
        site: The tenant.

    Raises:
        HanseError: The world has no database, or nobody there mails.
    """
    assert world.database is not None, "who mails has a database"
    letters = Collection(StoredLetter, world.database)
    with acting(VISITOR, site=site):
        page = await letters.query({}, sort=("create_time",), page_size=LETTERS_MAX)
    return [one.written for one in page.items]
