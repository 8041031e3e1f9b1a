"""What a host knows of what is tried of its flags, and until when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hanse.kit.clock import monotonic
from hanse.runtime.flags.ruling import Ruling
from hanse.runtime.flags.trials.trial import Trial

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database
    from hanse.runtime.data.record import Record

_LOOK = """
select (select coalesce(max(revision), 0) from hanse.flag_change) as revision, t.*,
  extract(epoch from t.until_time - clock_timestamp())::double precision as seconds
from (select 1) as one left join (
  select name, deployment, step, ruling, watch_seconds, until_time from hanse.flag_trial
  where name = any($1) and until_time > clock_timestamp()
) as t on true
"""

_decode = msgspec.json.Decoder(Ruling).decode


class Tries:
    """Of one host."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Trial | None, float]] = {}
        self._followed: dict[str, str] = {}

    async def look(self, database: Database, names: list[str]) -> int:
        """Learns what is tried of these flags; returns the revision of what is ruled of all.

        What is left of a lease counts from before the database was asked.

        Raises:
            HanseError: The database is away; what is known lasts as long as was said.
        """
        asked = monotonic()
        rows = await database.fetch(_LOOK, names)
        self._known = {
            row["name"]: (_trial(row), asked + row["seconds"]) for row in rows if row["name"]
        }
        return rows[0]["revision"]

    def differs(self, name: str) -> bool:
        """Whether something else is tried of a flag now than is followed; or nothing any more."""
        trial = self._now(name)
        return self._followed.get(name, "") != (trial.name if trial else "")

    def follow(self, name: str) -> Trial | None:
        """What is tried of a flag now, and followed from here on; None for nothing."""
        trial = self._now(name)
        self._followed[name] = trial.name if trial else ""
        return trial

    def _now(self, name: str) -> Trial | None:
        trial, until = self._known.get(name, (None, 0.0))
        return trial if monotonic() < until else None


def _trial(row: Record) -> Trial | None:
    """What can be read here; of a newer release it is nothing."""
    try:
        ruling = _decode(row["ruling"])
    except msgspec.MsgspecError:
        return None
    return Trial(
        deployment=row["deployment"],
        step=row["step"],
        ruling=ruling,
        watch_seconds=row["watch_seconds"],
    )
