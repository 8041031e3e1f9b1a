"""What principals drew of sticky flags: loaded once, remembered to a bound, written by and by."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from contextvars import Context
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.runtime.errors import HanseError
from hanse.runtime.flags.state import Outcome, Unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hanse.runtime.data.database import Database
    from hanse.runtime.data.record import Record
    from hanse.runtime.flags.state import State

log = logging.getLogger("hanse.flags")

UNITS_MAX = 50_000
"""Principals remembered; who came first is forgotten first, and looked up again."""

PENDING_MAX = 10_000
"""Draws that wait to be written."""

LOAD_SECONDS = 0.25
"""How long a call waits for what its principal drew, before lots decide."""

_LOAD = "select name, round, value from hanse.flag_draw where site_id = $1 and unit = $2"

# In the order of the key, so that two hosts never wait for each other.
_WRITE = """
insert into hanse.flag_draw as d (site_id, unit, name, round, value, draw_time)
select site_id, unit, name, round, value, $6
from unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::jsonb[])
  as g (site_id, unit, name, round, value)
order by site_id, unit, name
on conflict (site_id, unit, name) do update
set round = excluded.round, value = excluded.value, draw_time = excluded.draw_time
where d.round < excluded.round
"""
_WRITTEN = """
select d.site_id, d.unit, d.name, d.round, d.value from hanse.flag_draw as d
join unnest($1::text[], $2::text[], $3::text[]) as g (site_id, unit, name)
  using (site_id, unit, name)
"""

FORGET_ROWS = 5_000

# The key begins with the site, so that this reads all of the table; it is done once a round.
_FORGET = """
delete from hanse.flag_draw where (site_id, unit, name) in (
  select site_id, unit, name from hanse.flag_draw where name = $1 and round < $2 limit $3
)
"""


async def forget(database: Database, name: str, before: int) -> int:
    """Deletes what was drawn in rounds before one, some at a time; how much that was.

    Raises:
        HanseError: The database is away.
    """
    count, last = 0, FORGET_ROWS
    while last == FORGET_ROWS:
        last = await database.execute(_FORGET, name, before, FORGET_ROWS)
        count += last
    return count


class Known(msgspec.Struct, eq=False):
    """What is known of a unit.

    Attributes:
        loaded: Whether that is all that is kept of it.
        drawn: Round and outcome, by flag.
    """

    loaded: bool = False
    drawn: dict[str, tuple[int, Outcome]] = {}


class Draws:
    """Of one host.

    Args:
        database: Where they are kept.
        states: The flags of the host, by name.

    Attributes:
        lost: How many were not kept, as too many waited.
        unloaded: How often a call went on without knowing.
    """

    def __init__(self, database: Database, states: Mapping[str, State]) -> None:
        self._database = database
        self._states = states
        self._units: dict[Unit, Known] = {}
        self._pending: dict[tuple[str, str, str], tuple[int, Any]] = {}
        self._loading: dict[Unit, asyncio.Task[None]] = {}
        self.lost = self.unloaded = 0

    def stored(self, name: str, of_round: int, unit: Unit) -> Outcome | None:
        """What a unit has drawn before, as far as is known here."""
        known = self._units.get(unit)
        drawn = None if known is None else known.drawn.get(name)
        return drawn[1] if drawn is not None and drawn[0] == of_round else None

    def keep(self, name: str, of_round: int, unit: Unit, outcome: Outcome) -> None:
        """Has what a unit has drawn be kept."""
        if len(self._pending) >= PENDING_MAX:
            self.lost += 1
            return
        value = self._states[name].declared.write(outcome.value)
        self._unit(unit).drawn[name] = (of_round, outcome._replace(reason="CACHED"))
        self._pending[*unit, name] = (of_round, value)

    async def load(self, units: Iterable[Unit]) -> None:
        """Looks up what units drew that are not known, and waits for that a moment at most."""
        wanted = [unit for unit in units if not self._is_loaded(unit)]
        if not wanted:
            return
        tasks = [self._load_task(unit) for unit in wanted]
        await asyncio.wait(tasks, timeout=LOAD_SECONDS)
        self.unloaded += not all(map(self._is_loaded, wanted))

    async def write(self) -> None:
        """Writes what waits; where another host was faster, its draw counts.

        Raises:
            HanseError: The database is away; all of it waits on.
        """
        pending = dict(self._pending)
        if not pending:
            return
        sites, units, names = map(list, zip(*pending, strict=True))
        rounds = [round_ for round_, _ in pending.values()]
        values = [msgspec.json.encode(value) for _, value in pending.values()]
        now = self._database.clock.now()
        await self._database.execute(_WRITE, sites, units, names, rounds, values, now)
        for row in await self._database.fetch(_WRITTEN, sites, units, names):
            self._take((row["site_id"], row["unit"]), row)
        for key, written in pending.items():
            if self._pending.get(key) is written:
                del self._pending[key]

    def doubt(self) -> None:
        """Has everybody looked up again: others may have drawn what was not written yet."""
        for known in self._units.values():
            known.loaded = False

    def _unit(self, unit: Unit) -> Known:
        known = self._units.get(unit)
        if known is None:
            if len(self._units) >= UNITS_MAX:
                self._forget_oldest()
            known = self._units[unit] = Known()
        return known

    def _forget_oldest(self) -> None:
        """Methods that are plain functions draw in threads, so it may be gone meanwhile."""
        with suppress(RuntimeError):
            self._units.pop(next(iter(self._units)), None)

    def _is_loaded(self, unit: Unit) -> bool:
        known = self._units.get(unit)
        return known is not None and known.loaded

    def _load_task(self, unit: Unit) -> asyncio.Task[None]:
        """One for all calls of a unit that come at once; it belongs to none of them."""
        task = self._loading.get(unit)
        if task is None:
            loop = asyncio.get_running_loop()
            task = asyncio.Task(self._load(unit), loop=loop, context=Context())
            self._loading[unit] = task
            task.add_done_callback(lambda _: self._loading.pop(unit))
        return task

    async def _load(self, unit: Unit) -> None:
        try:
            rows = await self._database.fetch(_LOAD, *unit)
        except HanseError as error:
            log.warning("What %s drew cannot be looked up: %s", unit, error.__cause__ or error)
            return
        for row in rows:
            self._take(unit, row)
        self._unit(unit).loaded = True

    def _take(self, unit: Unit, row: Record) -> None:
        state = self._states.get(row["name"])
        if state is None:
            return
        try:
            outcome = state.as_drawn(msgspec.json.decode(row["value"]))
        except ValueError:
            return  # of a type that the flag has no longer
        drawn, of_round = self._unit(unit).drawn, row["round"]
        if row["name"] not in drawn or drawn[row["name"]][0] <= of_round:
            drawn[row["name"]] = (of_round, outcome)
            state.doubt(unit)
