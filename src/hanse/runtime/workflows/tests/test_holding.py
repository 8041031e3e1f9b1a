"""Whoever holds an instance holds it alone, and holds up nobody else."""

from __future__ import annotations

import pytest

from hanse.runtime.data.database import Database
from hanse.runtime.leases.lease import Lease
from hanse.runtime.workflows.declaration import newest
from hanse.runtime.workflows.info import uuid_of
from hanse.runtime.workflows.journal.entry import Start
from hanse.runtime.workflows.journal.store import Store
from hanse.runtime.workflows.limits.admission import Admission
from hanse.runtime.workflows.tables import make_tables
from hanse.runtime.workflows.tests.test_limits import Wharf

LOAD = newest(Wharf.load)
SERVED = ((LOAD.name, LOAD.version),)


async def host_store(database: Database, name: str) -> Store:
    """What a host of that name that is alive asks of the tables."""
    await make_tables(database)
    assert await Lease(database, f"workflows {name}").take()
    return Store(database, f"workflows {name}")


def wanted(key: str, site: str = "default") -> Start:
    body = LOAD.write_input(("a", key), {})
    return Start(uuid_of(site, LOAD.name, key), site, *SERVED[0], key, "en", body)


@pytest.mark.parametrize("how", ["let in", "due again"])
async def test_what_one_host_runs_no_other_takes(postgres: Database, how: str) -> None:
    one, other = await host_store(postgres, "one"), await host_store(postgres, "other")
    start = wanted("a1")
    start.lane = "default a"
    await one.start([start])
    await one.cancel(start.id, "default", LOAD.name)
    assert len(await one.claim(SERVED, 10)) == 1, "who is canceled waits in no line"
    if how == "let in":
        admission = Admission(postgres)
        admission.serve(LOAD)
        await admission.admit()
        assert await postgres.fetch("select from hanse.workflow where admit_time is null")
    else:
        await postgres.execute("update hanse.workflow set wake_time = create_time")
    assert await other.next_due(SERVED) is None
    assert await other.claim(SERVED, 10) == []
