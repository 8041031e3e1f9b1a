"""What is tried of a flag: it holds instead of what was ruled, for as long as somebody says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hanse.runtime.errors import AlreadyExists
from hanse.runtime.flags.ruling import Ruling
from hanse.runtime.flags.tables import make_tables

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database

LEASE_SECONDS = 10.0
"""For which it holds from when it was said last, by the clock of the database. Hosts count on by
their own while the database is away; so no single death, of who judges or of what tells, leaves
anybody with it for longer."""

_REVISION = "select coalesce(max(revision), 0) from hanse.flag_change where name = $1"
_OTHER = """
select deployment from hanse.flag_trial
where name = $1 and deployment <> $2 and until_time > clock_timestamp()
"""
_GIVE = """
insert into hanse.flag_trial (name, deployment, step, ruling, watch_seconds, until_time)
values ($1, $2, $3, $4, $5, clock_timestamp() + make_interval(secs => $6))
on conflict (name) do update set deployment = excluded.deployment, step = excluded.step,
  ruling = excluded.ruling, watch_seconds = excluded.watch_seconds, until_time = excluded.until_time
"""
_WITHDRAW = "delete from hanse.flag_trial where name = $1 and deployment = $2"
_ALL = """
select name, deployment from hanse.flag_trial where until_time > clock_timestamp() order by name
"""


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One step of it.

    Attributes:
        deployment: Whose it is.
        step: Of how many that draw it gives the value, for people.
        ruling: What holds meanwhile.
        watch_seconds: After a draw, for which a call that fails speaks against what was drawn.
    """

    deployment: str
    step: str
    ruling: Ruling
    watch_seconds: float

    @property
    def name(self) -> str:
        """Tells it from all others, also from those before it."""
        return f"{self.deployment} {self.step}"


class TriedElsewhere(AlreadyExists):
    """Another deployment tries that flag now."""

    code = "flag_tried_elsewhere"


async def revision_of(database: Database, name: str) -> int:
    """The last change of a flag; 0 if there was none.

    Raises:
        HanseError: The database is away.
    """
    await make_tables(database)
    row = await database.fetch_row(_REVISION, name)
    assert row is not None, "it has one row"
    return row[0]


async def give(database: Database, name: str, trial: Trial, revision: int) -> bool:
    """Has it hold from now on for a while; False if somebody has ruled otherwise meanwhile.

    Args:
        database: Where flags are ruled.
        name: Of the flag.
        trial: What is tried.
        revision: The last change of the flag that is known to whoever tries.

    Raises:
        TriedElsewhere: Another deployment tries it.
        HanseError: The database is away.
    """
    ruling = msgspec.json.encode(trial.ruling)
    told = (name, trial.deployment, trial.step, ruling, trial.watch_seconds, LEASE_SECONDS)
    async with database.transaction():
        await database.lock("hanse.flag")
        if (other := await database.fetch_row(_OTHER, name, trial.deployment)) is not None:
            raise TriedElsewhere(f"{name} is tried by {other[0]} now. Wait for it, or abort it.")
        row = await database.fetch_row(_REVISION, name)
        if row is None or row[0] != revision:
            return False
        await database.execute(_GIVE, *told)
    return True


async def withdraw(database: Database, name: str, deployment: str) -> None:
    """Has what was ruled hold again.

    Raises:
        HanseError: The database is away; the trial ends by itself.
    """
    await database.execute(_WITHDRAW, name, deployment)


async def tried(database: Database) -> dict[str, str]:
    """Flags that are tried now, and by which deployment.

    Raises:
        HanseError: The database is away.
    """
    await make_tables(database)
    return {row[0]: row[1] for row in await database.fetch(_ALL)}
