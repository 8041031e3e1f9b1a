"""How a database comes to so many sleeping workflows: some are begun, the others are copies."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks import machine
from benchmarks.crew import crew
from benchmarks.server import ServerError
from benchmarks.workflows.driver import Order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.data.postgres import Postgres

MODULE = "benchmarks.workflows.scale.hanse_sleepers"
MONTH_SECONDS = 30 * 86400.0
ASLEEP_SECONDS_MAX = 120.0
_ASLEEP = """
select count(*) from hanse.workflow
where holder is null and wake_time > now() + interval '1 day'
"""

# Whatever columns there are: a copy differs by its id alone.
_COPY = """
create temporary table copied as
select w.id, uuidv7() as copy
from (select id from hanse.workflow where holder is null and wake_time > now() + interval '1 day'
      order by id limit {base}) w cross join generate_series(1, {times});
insert into hanse.workflow select r.* from copied c join hanse.workflow w on w.id = c.id
cross join lateral jsonb_populate_record(w, jsonb_build_object('id', c.copy)) r;
insert into hanse.journal select r.* from copied c join hanse.journal j on j.workflow = c.id
cross join lateral jsonb_populate_record(j, jsonb_build_object('workflow', c.copy)) r;
"""


def begin(postgres: Postgres, settings: Mapping[str, str], count: int) -> int:
    """Begin so many, and wait until they sleep; what a host's memory has grown by meanwhile.

    Raises:
        ServerError: They do not come to rest.
    """
    order = Order(kind="timer", naps=count, nap_seconds=MONTH_SECONDS)
    with crew(MODULE, settings, [order]) as started:
        started.expect("ready")
        before = machine.pss_bytes(started.pids[0])
        wanted = asleep(postgres, settings["BENCH_DATABASE"]) + count
        started.go()
        started.expect("begun")
        until = time.monotonic() + ASLEEP_SECONDS_MAX
        while (found := asleep(postgres, settings["BENCH_DATABASE"])) < wanted:
            if time.monotonic() > until:
                raise ServerError(f"{found} of {wanted} workflows sleep")
            time.sleep(0.2)
        return machine.pss_bytes(started.pids[0]) - before


def copy(postgres: Postgres, database: str, *, base: int, times: int) -> None:
    """Add copies of the first ones."""
    postgres.run(_COPY.format(base=base, times=times), database=database)


def asleep(postgres: Postgres, database: str) -> int:
    """How many sleep for long."""
    return int(postgres.run(_ASLEEP, database=database)[0][0])
