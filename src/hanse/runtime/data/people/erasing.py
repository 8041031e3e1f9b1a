"""Erases a person: the key first, then row after row; what is broken off is begun again."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from hanse.kit.fault_points import reached
from hanse.runtime.data.people import journals, texts
from hanse.runtime.data.people.erased import Erased, ErasedRows, KeptValues
from hanse.runtime.data.people.place import Journals, Rows, Statements, Value, Whose, places
from hanse.runtime.data.personal.keys_opened import keys_opened

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from hanse.runtime.data.database import Database
    from hanse.runtime.data.people.person import Person

# Who is erased again is written down again: of the same person nothing that was counted is lost.
_BEGIN = """
insert into hanse.erasure as e (site_id, subject, principal, begin_time, destroy_time, found)
values ($1, $2, $3, $4, $4, '{}')
on conflict (site_id, subject) do update set end_time = null,
  principal = excluded.principal, destroy_time = excluded.destroy_time,
  begin_time = case when e.end_time is null then e.begin_time else excluded.begin_time end
returning begin_time, destroy_time
"""
# Who begins it again meanwhile has more to do, and ends it.
_END = """
update hanse.erasure set end_time = $3
where site_id = $1 and subject = $2 and begin_time = $4 and destroy_time = $5
"""
# The key for what is kept, if nothing is; whoever came back since has a new key, and keeps both.
# Who writes under it holds it: that write is waited for, and seen by the next statement.
_LOCK = """
select from hanse.subject_key where site_id = $1 and subject = any($2::text[]) and purpose <> ''
for update
"""
# Who begins it again meanwhile has not noted yet what is kept, and destroys it at the end.
_DESTROY = """
delete from hanse.subject_key k where site_id = $1 and subject = any($2::text[])
  and not exists (select from hanse.kept t where t.site_id = $1 and t.subject = k.subject)
  and not exists (select from hanse.subject_key l
    where l.site_id = $1 and l.subject = k.subject and l.purpose = '')
  and exists (select from hanse.erasure e
    where e.site_id = $1 and e.subject = $3 and e.begin_time = $4 and e.destroy_time = $5)
"""
# What is kept of an earlier time may be over, but what came since has to be noted first.
_DESTROY_AT_ONCE = """
with held as (
  update hanse.subject_key set destroy_time = null
  where site_id = $1 and subject = any($2::text[]) and purpose <> '' and destroy_time is not null
)
delete from hanse.subject_key where site_id = $1 and subject = any($2::text[]) and purpose = ''
"""
_DESTROY_LATER = """
update hanse.subject_key k set destroy_time = t.last
from (select subject, max(destroy_time) as last from hanse.kept
      where site_id = $1 and subject = any($2::text[]) group by subject) as t
where k.site_id = $1 and k.subject = t.subject and k.purpose <> ''
"""
_KEPT = """
select relation, path, reason, max(destroy_time) as until, count(*) as number
from hanse.kept where site_id = $1 and subject = any($2::text[])
group by relation, path, reason order by relation, path
"""


class Erasing:
    """One erasure.

    Args:
        database: Where everything is.
        person: Who is erased.
    """

    def __init__(self, database: Database, person: Person) -> None:
        self._database = database
        self._person = person
        self._touched: dict[str, ErasedRows] = {}

    async def run(self, principal: str) -> Erased:
        """Erases; whoever is erased already is erased again, and nothing is found.

        Args:
            principal: Who has it done.

        Raises:
            HanseError: The database or the file store is away; repeated, it goes on.
        """
        database, person = self._database, self._person
        named = person.site, person.name
        begun = await database.fetch_row(_BEGIN, *named, principal, database.clock.now())
        assert begun is not None, "it is inserted or changed"
        # From here on nobody reads what is sealed, and no write under this key is acknowledged.
        await database.execute(_DESTROY_AT_ONCE, person.site, person.subjects)
        self._forget_keys()
        await reached("person.key_destroyed")
        for place in await places(database):
            if isinstance(place, Statements):
                await self._erase_by_statements(place)
            elif isinstance(place, Journals):
                number = await journals.erase(database, place, person)
                self._note(place.relation, "deleted", number)
            elif await self._is_there(place):
                await self._erase_rows(place)
        await database.execute(_DESTROY_LATER, person.site, person.subjects)
        async with database.transaction():
            await database.execute(_LOCK, person.site, person.subjects)
            theirs = (person.site, person.subjects, person.name)
            await database.execute(_DESTROY, *theirs, *begun.values())
        files = await self._drop_files()
        await database.execute(_END, *named, database.clock.now(), *begun.values())
        return Erased(tuple(self._touched.values()), await self._kept(), files)

    def _forget_keys(self) -> None:
        for subject in self._person.subjects:
            self._database.keys.forget(self._person.site, subject)
        if (opened := keys_opened()) is not None:  # who erases may write of them anew
            opened.forget(self._person.site, self._person.subjects)

    async def plan(self) -> Erased:
        """What would go and what would stay; nothing is written.

        Raises:
            HanseError: The database is away.
        """
        kept: list[KeptValues] = []
        for place in await places(self._database):
            if isinstance(place, Rows) and await self._is_there(place):
                kept += await self._plan_rows(place)
            elif isinstance(place, Journals):
                number = await journals.ending(self._database, place, self._person)
                self._note(place.relation, "deleted", number)
        return Erased(tuple(self._touched.values()), (*await self._kept(), *kept))

    # Collections.

    async def _erase_rows(self, rows: Rows) -> None:
        for whose in rows.ways:
            sought = self._person.sought(rows, whose)
            if sought is None:
                continue
            values = rows.of(whose)
            deletes = any(one.erase == "row" for one in values)
            keeping = self._keeping(rows, whose, moved=deletes)
            begin = (self._person.site, sought, rows.relation, self._person.name)
            for only in texts.passes(rows):
                if deletes:
                    text = texts.delete(rows, whose, only)
                    await self._repeat(rows, "deleted", text, *begin, *keeping)
                    continue
                if keeping[0]:
                    await self._database.execute(texts.keep(rows, whose, only), *begin, *keeping)
                if any(one.erase == "field" for one in values):
                    text = texts.blank(rows, whose, only)
                    now = self._database.clock.now()
                    await self._repeat(rows, "blanked", text, *begin, now)

    async def _repeat(self, rows: Rows, what: str, text: str, *arguments: Any) -> None:
        """Runs a statement until it finds nothing, each time by itself."""
        work: Callable[[], Awaitable[int]] = partial(self._number, text, *arguments)
        while number := await self._database.transact(work, isolation="read committed"):
            self._note(rows.relation, what, number)

    async def _number(self, text: str, *arguments: Any) -> int:
        row = await self._database.fetch_row(text, *arguments)
        return row["number"] if row is not None else 0

    def _keeping(self, rows: Rows, whose: Whose, *, moved: bool) -> list[list[Any]]:
        """What stays of a row, for how long, and what is then to be done: columns of `kept`."""
        keeps = [one for one in rows.of(whose) if one.erase == "keep"]
        last = max(keeps, key=lambda one: one.days, default=None)
        if last is not None and not moved:  # as long as anything stays it has to be found
            named = [one for one in rows.of(whose) if ".".join(one.path) == whose.path]
            keeps += [replace(one, days=last.days, reason=last.reason) for one in named]
        now = self._database.clock.now()
        kept = [
            (
                self._person.subject(whose),
                ".".join(one.path),
                one.reason,
                now + timedelta(days=one.days),
                "moved" if moved else _behind(one),
            )
            for one in keeps
        ]
        return [list(column) for column in zip(*kept, strict=True)] if kept else [[]] * 5

    async def _is_there(self, rows: Rows) -> bool:
        row = await self._database.fetch_row(
            "select to_regclass($1) is not null as there", rows.relation
        )
        return row is not None and row["there"]

    def _note(self, relation: str, what: str, number: int) -> None:
        if not number:
            return
        before = self._touched.get(relation, ErasedRows(relation))
        counted = {what: getattr(before, what) + number}
        self._touched[relation] = replace(before, **counted)

    # Stores.

    async def _erase_by_statements(self, place: Statements) -> None:
        for name, text in place.erases.items():
            number = await self._database.execute(text, self._person.site, self._person.text)
            self._note(f"{place.relation}.{name}", "deleted", number)

    # What is left.

    async def _drop_files(self) -> int:
        """Has files go that nobody refers to any more; without a store here, others will."""
        drop = self._database.upkeep.drop_erased
        return await drop() if drop is not None else 0

    async def _kept(self) -> tuple[KeptValues, ...]:
        person = self._person
        rows = await self._database.fetch(_KEPT, person.site, person.subjects)
        return tuple(
            KeptValues(row["relation"], row["path"], row["number"], row["until"], row["reason"])
            for row in rows
        )

    async def _plan_rows(self, rows: Rows) -> list[KeptValues]:
        kept: list[KeptValues] = []
        for whose in rows.ways:
            sought, values = self._person.sought(rows, whose), rows.of(whose)
            if sought is None:
                continue
            for only in texts.passes(rows):
                text = texts.count(rows, whose, values, only)
                row = await self._database.fetch_row(text, self._person.site, sought)
                if row is None or not row["number"]:
                    continue
                deletes = any(one.erase == "row" for one in values)
                self._note(rows.relation, "deleted" if deletes else "blanked", row["number"])
                kept += self._would_keep(rows, values, row)
        return kept

    def _would_keep(self, rows: Rows, values: Sequence[Value], row: Any) -> list[KeptValues]:
        now = self._database.clock.now()
        return [
            KeptValues(
                rows.relation,
                ".".join(one.path),
                row[f"value_{at}"],
                now + timedelta(days=one.days),
                one.reason,
            )
            for at, one in enumerate(values)
            if one.erase == "keep" and row[f"value_{at}"]
        ]


def _behind(value: Value) -> str:
    """What is done when the time of a value is over that stayed in its row."""
    return "row" if value.required else "field"
