"""The keys of persons: drawn, kept in the database wrapped, and remembered for a while."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from typing import TYPE_CHECKING

import msgspec

from hanse.kit.clock import monotonic
from hanse.runtime.data.personal.key_files import KEY_BYTES, KeyringError
from hanse.runtime.data.personal.keyring import Keyring
from hanse.runtime.data.personal.subject_key import NewKey, SubjectKey
from hanse.runtime.data.personal.tables import make_tables
from hanse.runtime.errors import Internal

if TYPE_CHECKING:
    from collections.abc import Collection

    from hanse.runtime.data.database import Database
    from hanse.runtime.data.record import Record

REMEMBERED = 10_000
REMEMBERED_SECONDS = 300.0
"""After which a host knows no key any more that was destroyed."""

TRIES = 3

NO_KEYRING = (
    "There is a database and no keyring, so that nothing can be sealed: write [keys] folder in "
    "hanse.toml, a folder that all hosts of this database see and no copy of it holds; or "
    "DatabaseConfig(keys=Path(…))."
)

_CURRENT = "select id, generation from hanse.keyring"
_TAKE = """
insert into hanse.keyring (single, id, generation, rotate_time) values (true, $1, $2, $3)
"""
_FETCH = """
select subject, purpose, generation, wrapped from hanse.subject_key
where site_id = $1 and subject = any($2::text[])
"""


class _Known(msgspec.Struct):
    """The keys of one subject, by purpose."""

    keys: dict[str, SubjectKey]
    until: float


class SubjectKeys:
    """The keys of all who are in one database, of every site.

    Args:
        database: Where they are kept; its configuration says where the keyring is.

    Attributes:
        generation: The newest, as it was last looked for: new keys are wrapped under it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ring: Keyring | None = None
        self.generation = 0
        self._known: OrderedDict[tuple[str, str], _Known] = OrderedDict()

    @property
    def ring(self) -> Keyring:
        """The keyring, once the host is ready."""
        if self._ring is None:
            raise Internal("The keyring is not there yet.")
        return self._ring

    async def open(self) -> None:
        """Makes the tables, and takes the keyring that is theirs; makes one for a new database.

        Raises:
            KeyringError: There is none, or it is not of this database.
            HanseError: The database is away.
        """
        if self._ring is not None:
            return
        if self._database.config.keys is None:
            raise KeyringError(NO_KEYRING)
        await make_tables(self._database)
        row = await self._database.fetch_row(_CURRENT) or await self._take_new()
        ring = await asyncio.to_thread(Keyring, self._database.config.keys)
        self._see(ring, row)
        await asyncio.to_thread(ring.bind)
        self._ring = ring

    def cached(self, site: str, subject: str, purpose: str = "") -> SubjectKey | None:
        """A key that this host knows, and learned not long ago."""
        found = self._known.get((site, subject))
        if found is None:
            return None
        if found.until < monotonic():
            del self._known[site, subject]
            return None
        self._known.move_to_end((site, subject))
        return found.keys.get(purpose)

    def draw(self, site: str, subject: str, purpose: str = "") -> NewKey:
        """A new key, which its first use has to keep; see `tables`.

        Until `remember` it is nobody else's.
        """
        key = secrets.token_bytes(KEY_BYTES)
        bound = bound_of(site, subject, purpose)
        wrapped = self.ring.wrap(key, bound, self.generation)
        return NewKey(SubjectKey(key), wrapped, self.generation)

    async def fetch(
        self, site: str, subjects: Collection[str]
    ) -> dict[tuple[str, str], SubjectKey]:
        """What keys some have, by subject and purpose, in one round trip; remembers them.

        Raises:
            HanseError: The database is away, or the keyring lacks what they are wrapped under.
        """
        for _ in range(TRIES):
            rows = await self._database.fetch(_FETCH, site, list(subjects))
            if all(self.ring.knows(row["generation"]) for row in rows):
                break  # else it was destroyed since, and the rows say another by now
        else:
            raise Internal("The keyring lacks what keys in the database are wrapped under.")
        found = {(row["subject"], row["purpose"]): self._unwrapped(site, row) for row in rows}
        for subject in subjects:
            self.forget(site, subject)
        for (subject, purpose), key in found.items():
            self.remember(site, subject, purpose, key)
        return found

    def remember(self, site: str, subject: str, purpose: str, key: SubjectKey) -> None:
        """Keeps one at hand that is in the database."""
        found = self._known.get((site, subject))
        if found is None:
            found = self._known[site, subject] = _Known({}, monotonic() + REMEMBERED_SECONDS)
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        found.keys[purpose] = key

    def forget(self, site: str, subject: str) -> None:
        """Has those of one subject be fetched anew."""
        self._known.pop((site, subject), None)

    async def refresh(self) -> None:
        """Learns what the newest generation is.

        Raises:
            KeyringError: The keyring is another's, or lacks it.
            HanseError: The database is away.
        """
        self._see(self.ring, await self._database.fetch_row(_CURRENT))

    def _see(self, ring: Keyring, row: Record | None) -> None:
        """Takes a ring's newest generation, if the ring is that of the database."""
        if row is None or row["id"] != ring.id:
            raise KeyringError(
                f"The keyring {ring.folder} belongs to another database. Name the one of this "
                "database in [keys] folder; if the other is gone for good, move the folder away, "
                "and a new database gets a new one."
            )
        if not ring.knows(row["generation"]):
            raise KeyringError(
                f"The keyring {ring.folder} lacks generation {row['generation']}, under which this "
                "database keeps keys. Take it from the host that made it, or from a copy."
            )
        self.generation = row["generation"]

    def _unwrapped(self, site: str, row: Record) -> SubjectKey:
        bound = bound_of(site, row["subject"], row["purpose"])
        try:
            return SubjectKey(self.ring.unwrap(row["wrapped"], bound, row["generation"]))
        except ValueError as error:
            raise Internal("A key in the database is not of this keyring.") from error

    async def _take_new(self) -> Record | None:
        """Gives a ring to a database that has none; what the database says then."""
        database, folder = self._database, self._database.config.keys
        assert folder is not None
        async with database.transaction():
            await database.lock("hanse")
            found = await database.fetch_row(_CURRENT)
            if found is not None:  # another host was first
                return found
            ring = await asyncio.to_thread(Keyring.make, folder)
            if not ring.bound:  # else it is another's, as the caller says
                newest = ring.generations[-1]
                await database.execute(_TAKE, ring.id, newest, database.clock.now())
            return await database.fetch_row(_CURRENT)


def bound_of(site: str, subject: str, purpose: str) -> bytes:
    """Whose key it is, so that no wrapped key can be moved to another's row."""
    return msgspec.json.encode((site, subject, purpose))
