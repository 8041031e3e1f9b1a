"""Reads how it stands with an instance that is not in memory, and what it gave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from hanse.runtime.data.personal.members import Gone
from hanse.runtime.workflows.failure import ERASED_BECAUSE, WorkflowErased
from hanse.runtime.workflows.info import instance_of
from hanse.runtime.workflows.model import decode_value
from hanse.runtime.workflows.personal.values import Spot, output_spot

if TYPE_CHECKING:
    from hanse.runtime.data.record import Record
    from hanse.runtime.workflows.engine.engine import Engine
    from hanse.runtime.workflows.info import Instance
    from hanse.runtime.workflows.model import WorkflowModel


async def instance_read(engine: Engine, model: WorkflowModel, row: Record, site: str) -> Instance:
    """How it stands with an instance; with what it gave, in clear.

    Args:
        engine: Of this host.
        model: The newest version that is known here.
        row: Of the instance.
        site: The tenant.

    Raises:
        HanseError: The database is away.
    """
    now = engine.now()
    if row["state"] != "done":
        return instance_of(row, None, now)
    try:
        return instance_of(row, await _read(engine, model, row, site), now)
    except Gone:
        error = WorkflowErased(ERASED_BECAUSE)
        return replace(instance_of(row, None, now), error=error)


async def _read(engine: Engine, model: WorkflowModel, row: Record, site: str) -> Any:
    served = engine.served.get((model.name, row["version"]))
    result = served.model.result if served is not None else model.result
    if result.sealed is not None:
        spot = Spot(site, *output_spot(dict(row.items())))
        body = await engine.persons.opened(result.sealed, row["output"], spot, row["id"])
        return result.read(body)
    return decode_value(row["output"]) if served is None else result.read(row["output"])
