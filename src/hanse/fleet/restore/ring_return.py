"""Brings back what of a keyring the keys of a database need, and sees that it opens them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hanse.fleet.backup.keyring_copy import KeyringCopy, ring_id
from hanse.runtime.config.secret import Secret
from hanse.runtime.data.database import Database
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.runtime.data.personal.key_files import (
    RING,
    SECRET,
    KeyringError,
    RingFile,
    generation_path,
    key_in,
    make_folder,
    read_key,
    read_ring,
    write_private,
    write_ring,
)
from hanse.runtime.data.personal.keyring import Keyring
from hanse.runtime.data.personal.subject_key import decrypt
from hanse.runtime.data.personal.subject_keys import bound_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from hanse.fleet.backup.place import Place
    from hanse.runtime.data.record import Record

AT_ONCE = 100
"""Keys of each generation that are tried: a ring that opens these is the right one."""

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)

_THERE = "select to_regclass('hanse.subject_key') is not null as there"
_NEWEST = "select id, generation from hanse.keyring"
_SOME = """
select k.* from (
  select distinct generation from hanse.subject_key where $1 in ('', site_id)) as g
cross join lateral (
  select site_id, subject, purpose, generation, wrapped from hanse.subject_key
  where generation = g.generation and $1 in ('', site_id) limit $2) as k
"""

_KEYS = """
select subject, purpose, mark from hanse.subject_key
where site_id = $1 and (subject, purpose) > ($2, $3) order by subject, purpose limit 1000
"""
_GONE = """
select t.subject from unnest($2::text[], $3::text[], $4::bytea[]) as t (subject, purpose, mark)
where not exists (
  select from hanse.subject_key k
  where k.site_id = $1 and k.subject = t.subject and k.purpose = t.purpose and k.mark = t.mark)
"""
_ERASED = "select subject, destroy_time, end_time from hanse.erasure where site_id = $1"


class Needs(NamedTuple):
    """What has to be opened.

    Attributes:
        ring: Id of the keyring.
        newest: The generation that hosts wrap new keys under.
        some: Rows of some keys of each generation that wraps any.
    """

    ring: str
    newest: int
    some: list[Record]

    @property
    def generations(self) -> list[int]:
        """Those without which something could not be read, or no host began."""
        return sorted({self.newest, *(row["generation"] for row in self.some)})


async def needs_of(url: str, site: str = "") -> Needs | None:
    """What the keys of a database need, or those of one of its sites; None if it has no keyring.

    Raises:
        HanseError: The database is away.
    """
    async with Database(DatabaseConfig(url=Secret(url), connections=1)) as database:
        row = await database.fetch_row(_THERE)
        taken = await database.fetch_row(_NEWEST) if row is not None and row["there"] else None
        if taken is None:
            return None
        return Needs(taken["id"], taken["generation"], await database.fetch(_SOME, site, AT_ONCE))


async def see_that_keys_live(moment: str, living: str, site: str, folder: Path) -> None:
    """Sees that the living database has all keys of a site's moment but those of who was erased.

    Args:
        moment: Where the database of the moment is.
        living: And the one that lives.
        site: Whose keys.
        folder: Of the keyring, which has what is needed.

    Raises:
        KeyringError: It has not: they came in a life that a restore gave up.
        HanseError: A database is away.
    """
    old = Database(DatabaseConfig(url=Secret(moment), connections=1))
    new = Database(DatabaseConfig(url=Secret(living), connections=1))
    async with old, new:
        row = await old.fetch_row(_THERE)
        if row is None or not row["there"]:
            return
        gone, after = set[str](), ("", "")
        while rows := await old.fetch(_KEYS, site, *after):
            columns = [[row[name] for row in rows] for name in ("subject", "purpose", "mark")]
            gone |= {row["subject"] for row in await new.fetch(_GONE, site, *columns)}
            after = rows[-1]["subject"], rows[-1]["purpose"]
        if not gone:
            return
        then = {row["subject"]: row["destroy_time"] for row in await old.fetch(_ERASED, site)}
        since = {
            row["subject"]
            for row in await new.fetch(_ERASED, site)
            if row["end_time"] is None or then.get(row["subject"], _NEVER) < row["destroy_time"]
        }
    token = Keyring(folder).token
    lost = [one for one in gone if one not in since and token(site, one) not in since]
    if lost:
        raise KeyringError(
            f"At that moment {len(lost)} persons of {site} had keys that this database does not "
            "know, though nobody erased them: it was restored to before they came. What is of "
            "them could not be read. Restore all of it, in another project; nothing is changed."
        )


class RingReturn:
    """A ring as it is here, and as it lies beside the backups.

    Args:
        place: Where backups lie.
        database: Number of the database.
        folder: Of the ring here; it may be gone.
    """

    def __init__(self, place: Place, database: str, folder: Path) -> None:
        self._place = place
        self._copy = KeyringCopy(place, folder, database)
        self._folder = folder

    async def missing(self, needs: Needs) -> dict[str, bytes]:
        """The files that are needed, lie beside the backups, and are not here.

        Raises:
            PlaceError: The place cannot be read.
            KeyringError: One is in neither, or does not open what it should; or here is the ring
                of another database.
        """
        own = read_ring(self._folder)
        if own is not None and own.id != needs.ring:
            raise KeyringError(
                f"{self._folder} has the keyring of another database: without its own nobody could "
                "read what is sealed. Move it away, and run this again; nothing is changed."
            )
        return await self._missing(needs, is_here=own is not None)

    async def see(self, needs: Needs) -> int:
        """Sees that somebody could open the keys, by what is here or beside the backups.

        The ring of another database, where this is only looked at, is in nobody's way.

        Returns:
            How many were opened.

        Raises:
            PlaceError, KeyringError: As `missing`.
        """
        own = read_ring(self._folder)
        await self._missing(needs, is_here=own is not None and own.id == needs.ring)
        return len(needs.some)

    def bring(self, missing: Mapping[str, bytes]) -> str:
        """Has files here that are not; what is here is never written over.

        Returns:
            What an operator should know; empty for nothing.

        Raises:
            KeyringError: They cannot be written.
        """
        lacked = missing if read_ring(self._folder) is not None else ()
        if missing:
            make_folder(self._folder)
        # What says which ring it is comes last: who finds it finds all of it.
        for name in sorted(missing, key=lambda one: one == RING):
            write_private(self._folder / name, missing[name])
        if not lacked:
            return ""
        names = " and ".join(sorted(lacked))
        return f"{self._folder} lacked {names}, which was taken from {self._place}."

    async def free(self) -> None:
        """Has a database take the ring that is its own, where it was none yet at the moment.

        Raises:
            PlaceError: The place cannot be read.
            KeyringError: The ring cannot be written.
        """
        there, own = await self._copy.read(), read_ring(self._folder)
        if RING not in there or (own is not None and own.id != ring_id(there[RING])):
            return
        if own is None:
            self.bring({name: data for name, data in there.items() if name != RING})
        write_ring(self._folder, RingFile(ring_id(there[RING])))

    async def _missing(self, needs: Needs, *, is_here: bool) -> dict[str, bytes]:
        folder, there = self._folder, await self._copy.read()
        if RING not in there or ring_id(there[RING]) != needs.ring:
            there = {}
        if not is_here and not there:
            raise KeyringError(
                f"The keyring {needs.ring}, under which keys of persons are kept, is neither in "
                f"{folder} nor in {self._place}: nobody could read what is sealed. Put a copy of "
                f"it into {folder}, and run this again; nothing is changed."
            )
        wanted = [SECRET, *(generation_path(folder, one).name for one in needs.generations)]
        here = {one for one in wanted if (folder / one).exists()} if is_here else set[str]()
        lacking = [one for one in wanted if one not in there and one not in here]
        if lacking:
            raise KeyringError(
                f"The keyring {folder} lacks {' and '.join(lacking)}, and {self._place} does not "
                "have that either: what is sealed under it nobody could read. Put it there, from "
                "a copy of the keyring or another host of this database, and run this again; "
                "nothing is changed."
            )
        self._try(needs, here, there)
        return {one: there[one] for one in (wanted if is_here else there) if one not in here}

    def _try(self, needs: Needs, here: Collection[str], there: Mapping[str, bytes]) -> None:
        """Opens some keys of each generation."""
        ciphers: dict[int, AESGCM] = {}
        for row in needs.some:
            path = generation_path(self._folder, row["generation"])
            is_here = path.name in here
            if row["generation"] not in ciphers:
                key = read_key(path) if is_here else key_in(there[path.name], path)
                ciphers[row["generation"]] = AESGCM(key)
            bound = bound_of(row["site_id"], row["subject"], row["purpose"])
            try:
                decrypt(ciphers[row["generation"]], row["wrapped"], bound)
            except ValueError:
                raise KeyringError(
                    f"{path.name} in {self._folder if is_here else self._place} does not open the "
                    "keys that are kept under it: it was changed, or is of another keyring. Put "
                    "the right one there, from a copy, and run this again; nothing is changed."
                ) from None
