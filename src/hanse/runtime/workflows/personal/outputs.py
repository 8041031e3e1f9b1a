"""Reads what an instance gave that is not in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hanse.runtime.data.personal.members import Gone
from hanse.runtime.workflows.failure import ERASED_BECAUSE, WorkflowErased
from hanse.runtime.workflows.model import decode_value
from hanse.runtime.workflows.personal.values import Spot, output_spot

if TYPE_CHECKING:
    from hanse.runtime.data.record import Record
    from hanse.runtime.workflows.model import ResultType
    from hanse.runtime.workflows.personal.persons import Persons


async def read_output(persons: Persons, row: Record, site: str, result: ResultType | None) -> Any:
    """What an instance gave; None if it gave nothing yet, or nothing at all.

    Args:
        persons: Whose instances are.
        row: It.
        site: The tenant.
        result: How what it gives is kept; None where nobody here knows its version.

    Raises:
        WorkflowErased: Its person was erased, and it went with them.
        HanseError: As `Persons.opened`.
    """
    if row["state"] != "done":
        return None
    if result is None:
        return decode_value(row["output"])
    if result.sealed is None:
        return result.read(row["output"])
    spot = Spot(site, *output_spot(dict(row.items())))
    try:
        body = await persons.opened(result.sealed, row["output"], spot, row["id"])
    except Gone:
        raise WorkflowErased(ERASED_BECAUSE) from None
    return result.read(body)
