"""Erases again whom an older moment still knows: nobody comes back by a restore."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.kit.type_id import parse_type_id
from hanse.runtime.config.secret import Secret
from hanse.runtime.data.database import Database
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.runtime.data.people.erasing import Erasing
from hanse.runtime.data.people.naming import texts_behind
from hanse.runtime.data.people.person import Person

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hanse.fleet.backup.erasures import Erasure

BY = "hanse restore"
"""Who is written down for it."""

_THERE = "select to_regclass('hanse.person_place') is not null as there"

# Those it does not know of, or knows to be erased earlier than they were last.
_NEW = """
select l.site, l.subject from unnest($1::text[], $2::text[], $3::timestamptz[])
  as l (site, subject, time)
where not exists (select from hanse.erasure e where e.site_id = l.site and e.subject = l.subject
                  and e.end_time is not null and e.destroy_time >= l.time)
order by l.site, l.subject
"""


_UNFINISHED = """
select subject from hanse.erasure where site_id = $1 and end_time is null order by subject
"""


async def erase_again(url: str, keys: Path, ledger: Sequence[Erasure]) -> int:
    """Erases all of a ledger that the moment does not know of.

    Args:
        url: Of the database, restored, and used by nobody yet.
        keys: Folder of its keyring.
        ledger: All erasures that were ever begun.

    Returns:
        How many were erased.

    Raises:
        KeyringError: The keyring is not there, or of another database.
        HanseError: The database is away.
    """
    last = {(one.site, one.subject): one.time for one in sorted(ledger, key=lambda one: one.time)}
    if not last:
        return 0
    config = DatabaseConfig(url=Secret(url), connections=2, keys=keys)
    async with Database(config) as database:
        row = await database.fetch_row(_THERE)
        if row is None or not row["there"]:
            return 0
        columns = [site for site, _ in last], [subject for _, subject in last], [*last.values()]
        rows = await database.fetch(_NEW, *columns)
        some = [(row["site"], row["subject"]) for row in rows]
        for person in await _persons(database, some):
            await Erasing(database, person).run(BY)
        return len(rows)


async def erase_site_again(url: str, keys: Path, site: str) -> int:
    """Ends the erasures of a site that are unfinished: whom a moment brought back is one of them.

    Args:
        url: Of the database, which may be in use.
        keys: Folder of its keyring.
        site: Whose persons.

    Returns:
        Of how many something was there.

    Raises:
        KeyringError: The keyring is not there, or of another database.
        HanseError: The database is away.
    """
    config = DatabaseConfig(url=Secret(url), connections=2, keys=keys)
    number = 0
    async with Database(config) as database:
        row = await database.fetch_row(_THERE)
        if row is None or not row["there"]:
            return 0
        rows = await database.fetch(_UNFINISHED, site)
        for person in await _persons(database, [(site, row["subject"]) for row in rows]):
            number += bool((await Erasing(database, person).run(BY)).touched)
    return number


async def _persons(database: Database, some: Sequence[tuple[str, str]]) -> list[Person]:
    """Whom names stand for that were written down for good: ids, or tokens of texts."""
    if not some:
        return []
    await database.keys.open()
    tokens: dict[str, set[str]] = {}
    for site, subject in some:
        if not _is_id(subject):
            tokens.setdefault(site, set()).add(subject)
    texts = {site: await texts_behind(database, site, of) for site, of in tokens.items()}
    return [_person(database, site, name, texts.get(site, {})) for site, name in some]


def _person(database: Database, site: str, subject: str, texts: Mapping[str, str]) -> Person:
    if _is_id(subject):
        return Person(site, subject, database.keys.ring.token(site, subject))
    # Where the text stands nowhere in clear, its token finds all there is.
    return Person(site, texts.get(subject, subject), subject)


def _is_id(subject: str) -> bool:
    try:
        parse_type_id(subject)
    except ValueError:
        return False
    return True
