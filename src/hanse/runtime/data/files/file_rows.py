"""What the database knows of files."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from hanse.kit.type_id import parse_type_id, type_id
from hanse.runtime.contract.file import File
from hanse.runtime.data.entity.stored_file import mark_of
from hanse.runtime.data.files.name import NAMELESS

if TYPE_CHECKING:
    from uuid import UUID

    from hanse.runtime.data.database import Database

PREFIX = "file"

KEPT_UNUSED = timedelta(hours=24)
"""For so long a file stays that no document refers to, and as long again hidden."""

BEGIN = """
insert into hanse.file (site_id, id, file, name, create_time, look_time, delete_time)
values ($1, $2, $2, '', $3, $3, $3)
"""

COMPLETE = """
update hanse.file
set id = $3, size = $4, media_type = $5, sha256 = $6, look_time = $7, delete_time = null
where site_id = $1 and file = $2 and delete_time is not null
"""

FIND = """
select name, size, media_type, sha256 from hanse.file
where site_id = $1 and file = $2 and delete_time is null
"""

IS_TRUE = "select from hanse.file where site_id = $1 and id = $2 and delete_time is null"

FORGET = "delete from hanse.file where site_id = $1 and file = $2 and delete_time is not null"

HIDE = """
update hanse.file set delete_time = $3 where site_id = $1 and file = $2 and delete_time is null
"""


class FileRows:
    """Reads and writes them.

    Args:
        database: Where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, site: str, uuid: UUID) -> None:
        """Notes a file before any of it is kept, so that none is kept that nobody knows of.

        What it is called is not noted, for a name may be of a person: whoever refers to the file
        keeps it, sealed where that is, and a digest of it is in the row's id.
        """
        await self._database.execute(BEGIN, site, uuid, self._database.clock.now())

    async def complete(self, site: str, file: File) -> bool:
        """Lets a file be referred to; whether it still can."""
        look = self._database.clock.now() + KEPT_UNUSED
        values = (file.size, file.media_type, file.sha256, look)
        done = await self._database.execute(
            COMPLETE, site, uuid_of(file.id), mark_of(file), *values
        )
        return bool(done)

    async def find(self, site: str, uuid: UUID) -> File | None:
        """A file of a site, nameless but where a release before this kept it; None if not there."""
        row = await self._database.fetch_row(FIND, site, uuid)
        if row is None:
            return None
        return File(
            id=id_of(uuid),
            name=row["name"] or NAMELESS,
            size=row["size"],
            media_type=row["media_type"],
            sha256=row["sha256"],
        )

    async def is_true(self, site: str, file: File) -> bool:
        """Whether a site has a file of which all is so that a File says."""
        return bool(await self._database.fetch(IS_TRUE, site, mark_of(file)))

    async def hide(self, site: str, uuid: UUID) -> None:
        """Has nobody refer to a file from now on."""
        await self._database.execute(HIDE, site, uuid, self._database.clock.now())

    async def forget(self, site: str, uuid: UUID) -> None:
        """Forgets one that is hidden; its content is gone before."""
        await self._database.execute(FORGET, site, uuid)


def id_of(uuid: UUID) -> str:
    """A file's id as it stands outside."""
    return type_id(PREFIX, uuid.int)


def uuid_of(text: str) -> UUID:
    """The UUID of a file's id.

    Raises:
        ValueError: It is none.
    """
    prefix, uuid = parse_type_id(text)
    if prefix != PREFIX:
        raise ValueError(f"the id of a file begins with {PREFIX}_")
    return uuid
