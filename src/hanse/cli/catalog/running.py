"""What runs here, to be compared with: its services, and the workflows that are under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.catalog.compatibility.gate import Around
from hanse.cli.data.persons import in_database
from hanse.cli.fleet.called import called
from hanse.cli.fleet.connection import enter_project
from hanse.cli.refusal import Refused
from hanse.fleet.descriptions import running_description
from hanse.runtime.workflows.versions import living

if TYPE_CHECKING:
    from hanse.cli.data.persons import Reached
    from hanse.runtime.description.service_description import ProjectDescription


def what_runs(environment: str) -> tuple[ProjectDescription, Around]:
    """The services of the fleet here, and what else is known of it.

    Raises:
        Refused: Nothing runs here, or its database does not answer.
        DescriptionError: Another Hanse described it.
    """
    before = running_description(enter_project())
    if before is None:
        raise Refused(f"Nothing runs here. Start it: {called('up')}")
    has_workflows = any(one.workflows for one in before.services)
    alive = in_database(environment, _living) if has_workflows else {}
    return before, Around(living=alive)


async def _living(found: Reached) -> dict[tuple[str, int], int]:
    known = await living(found.database)
    return {(one.workflow, one.version): one.instances for one in known}
