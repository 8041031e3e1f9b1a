"""Which versions of workflows live, who serves them, and which of them a release would drop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hanse.runtime.workflows.model import WorkflowModel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hanse.runtime.data.database import Database

_THERE = "select to_regclass('hanse.workflow_served') is not null as there"

_LIVING = """
select w.name, w.version, w.instances, (
  select count(*) from hanse.workflow_served s
  join hanse.lease l on l.name = s.host and l.until_time > clock_timestamp()
    and l.until_time < clock_timestamp() + interval '1 minute'
  where s.name = w.name and s.version = w.version) as hosts
from (
  select name, version, count(*) as instances from hanse.workflow
  where end_time is null group by name, version) w
order by w.name, w.version
"""


class Living(msgspec.Struct, frozen=True):
    """A version of a workflow that has instances which are not over.

    Attributes:
        workflow: `shop.v1.Checkout/Place`.
        version: Of that.
        instances: How many are not over, of all sites.
        hosts: How many hosts serve it now.
    """

    workflow: str
    version: int
    instances: int
    hosts: int


async def living(database: Database) -> list[Living]:
    """The versions that have instances which are not over; it counts them all.

    Raises:
        HanseError: As `Database.fetch`.
    """
    there = await database.fetch_row(_THERE)
    if there is None or not there["there"]:
        return []
    rows = await database.fetch(_LIVING)
    return [Living(row["name"], row["version"], row["instances"], row["hosts"]) for row in rows]


def served_by(services: Iterable[type]) -> set[tuple[str, int]]:
    """The versions that services have, by their names."""
    models = (model for service in services for model in getattr(service, "__unasked__", ()))
    return {(one.name, one.version) for one in models if isinstance(one, WorkflowModel)}


async def dropped(database: Database, services: Iterable[type]) -> list[Living]:
    """What lives and has no code in a release: it would be held there.

    Args:
        database: Where instances are.
        services: Of the release.

    Raises:
        HanseError: As `Database.fetch`.
    """
    served = served_by(services)
    return [one for one in await living(database) if (one.workflow, one.version) not in served]
