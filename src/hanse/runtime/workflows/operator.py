"""What operators see of workflows and do with them, over all sites."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from msgspec import Raw

from hanse.runtime.data.collection.outcome import Page
from hanse.runtime.errors import FailedPrecondition, InvalidArgument, NotFound
from hanse.runtime.workflows.failure import read_failure
from hanse.runtime.workflows.info import Standing, standing
from hanse.runtime.workflows.journal.entry import entry_of
from hanse.runtime.workflows.journal.statements import JOURNAL
from hanse.runtime.workflows.listing import Which, listed
from hanse.runtime.workflows.personal.values import shown
from hanse.runtime.workflows.replay import Recording, recorded
from hanse.runtime.workflows.retrying import retry

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database
    from hanse.runtime.data.record import Record

LISTED_MAX = 1000

_THERE = "select to_regclass('hanse.workflow') is not null as there"

# By state, each from an index of its own: what is held, what goes on next, what ended last.
_LIST = """
select id, site_id, key, name, version, state, holder, wake_time, create_time, end_time, output
from hanse.workflow where {which} and ($2 = '' or site_id = $2) and ($3 = '' or name = $3)
order by {order} limit $1
"""
_RUNNING = _LIST.format(which="holder is not null", order="create_time")
_WAITING = _LIST.format(which="state = 'open' and holder is null", order="wake_time nulls last")
_HELD = _LIST.format(which="state = 'held'", order="create_time")
_ENDED = _LIST.format(which="end_time is not null", order="end_time desc")

_ONE = """
select id, site_id, key, name, version, state, holder, wake_time, create_time, end_time, output,
  input
from hanse.workflow where id = $1
"""

_OPEN = """
update hanse.workflow set state = 'open', output = null, wake_time = $2
where id = $1 and state = 'held' and holder is null
"""

_CANCEL = """
update hanse.workflow set canceling = true, signals = signals + 1,
  wake_time = case when holder is null and state = 'open' then $2::timestamptz else wake_time end
where (id = $1 or parent = $1) and state in ('open', 'held')
"""


class Listed(msgspec.Struct, frozen=True):
    """An instance, to an operator.

    Attributes:
        id: Its UUID.
        site: The tenant.
        key: As its starter calls it; empty where that is the id.
        workflow: `shop.v1.Checkout/Place`.
        version: Of that.
        state: As in `Instance`.
        create_time: When it began.
        wake_time: When it goes on by itself.
        end_time: When it ended.
        error: Why it failed, or is held.
    """

    id: UUID
    site: str
    key: str
    workflow: str
    version: int
    state: Standing
    create_time: datetime
    wake_time: datetime | None
    end_time: datetime | None
    error: str


class Operator:
    """Looks after the workflows of a database.

    Args:
        database: Where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(
        self, state: str = "", *, site: str = "", workflow: str = "", most: int = 50
    ) -> list[Listed]:
        """Instances of a state: "running", "waiting", "held" or "ended"; if "", those not over.

        Raises:
            HanseError: As `Database.fetch`.
        """
        if not await self._there():
            return []
        texts = {"running": _RUNNING, "waiting": _WAITING, "held": _HELD, "ended": _ENDED}
        wanted = [texts[state]] if state else [_HELD, _RUNNING, _WAITING]
        rows: list[Record] = []
        for text in wanted:
            rows += await self._database.fetch(text, min(most, LISTED_MAX), site, workflow)
        return [self._listed(row) for row in rows[:most]]

    async def page(self, which: Which, cursor: str = "") -> Page[Listed]:
        """Instances of one site and one workflow, the newest first; see `Workflows.list`.

        Raises:
            InvalidArgument: The state or the cursor is none.
            HanseError: As `Database.fetch`.
        """
        if not await self._there():
            return Page(())
        rows, following = await listed(self._database, which, cursor)
        return Page(tuple(map(self._listed, rows)), following)

    async def _there(self) -> bool:
        there = await self._database.fetch_row(_THERE)
        return there is not None and bool(there["there"])

    async def journal(self, text: str) -> tuple[Listed, Recording]:
        """An instance, and what it was given and did.

        Raises:
            NotFound: There is none.
            InvalidArgument: This is no id.
        """
        row = await self._row(text)
        rows = await self._database.fetch(JOURNAL, row["id"])
        entries = tuple(recorded(entry_of(one)) for one in rows)
        given = Raw(shown(row["input"]))
        return self._listed(row), Recording(row["id"], row["name"], row["version"], given, entries)

    async def resume(self, text: str) -> None:
        """Has an instance that is held try again from where it was.

        Raises:
            NotFound: There is none.
            FailedPrecondition: It is not held.
        """
        row = await self._row(text)
        if not await self._database.execute(_OPEN, row["id"], self._now()):
            raise FailedPrecondition(f"It is {self._listed(row).state}, and not held.")

    async def retry(self, text: str) -> None:
        """Has an instance that failed try again the step that it failed with, or the child.

        Raises:
            NotFound: There is none.
            FailedPrecondition: It did not fail, or what it or that child did is undone.
        """
        await retry(self._database, (await self._row(text))["id"])

    async def cancel(self, text: str) -> None:
        """Has an instance end, and its children; what they did is undone first.

        Raises:
            NotFound: There is none.
            FailedPrecondition: It is over.
        """
        row = await self._row(text)
        if not await self._database.execute(_CANCEL, row["id"], self._now()):
            raise FailedPrecondition(f"It is {self._listed(row).state} already.")

    def _now(self) -> datetime:
        return self._database.clock.now()

    async def _row(self, text: str) -> Record:
        try:
            uuid = UUID(text)
        except ValueError:
            raise InvalidArgument(
                f"{text!r} is no id of an instance; it is the UUID that the list has."
            ) from None
        row = await self._database.fetch_row(_ONE, uuid) if await self._there() else None
        if row is None:
            raise NotFound(f"There is no workflow {uuid}.")
        return row

    def _listed(self, row: Any) -> Listed:
        failed = row["output"] is not None and row["state"] != "done"
        return Listed(
            row["id"], row["site_id"], row["key"], row["name"], row["version"],
            standing(row, self._now()), row["create_time"], row["wake_time"], row["end_time"],
            str(read_failure(row["output"])) if failed else "",
        )  # fmt: skip
