"""What a deployment breaks for who calls, reads or runs beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hanse.catalog.compatibility.exceptions import (
    FILE,
    UNUSED,
    read_exceptions,
    without_allowed,
)
from hanse.catalog.compatibility.gate import Around, breaking
from hanse.fleet.descriptions import description_of
from hanse.fleet.releases.shelf import Shelf
from hanse.fleet.releases.wish import read_wish
from hanse.fleet.state import StateFolder
from hanse.runtime.workflows.versions import living

if TYPE_CHECKING:
    from datetime import date

    from hanse.catalog.compatibility.exceptions import Allowed
    from hanse.catalog.compatibility.finding import Finding
    from hanse.fleet.control.staging.api import Instance, Order
    from hanse.runtime.data.database import Database


async def findings(
    order: Order, instances: tuple[Instance, ...], database: Database, today: date
) -> tuple[Finding, ...]:
    """What it breaks, without what the project's exceptions allow.

    Args:
        order: What is to be deployed.
        instances: What runs.
        database: Knows which workflows are under way.
        today: Exceptions end.

    Raises:
        NoRelease: What runs is not kept any more.
        ConfigurationError: The exceptions cannot be read.
    """
    shelf = Shelf(StateFolder(Path()).releases)
    runs = _releases({one.release for one in instances if not one.part}, shelf)
    # What others are about to bring may be everybody's before this is, or not: neither is broken.
    soon = runs | _releases({one.release for one in instances if _is_soon(one, order)}, shelf)
    new = _releases({change.after for change in order.changes}, shelf)
    broken: dict[Finding, None] = {}
    for there in (runs, soon) if soon != runs else (runs,):
        before = description_of(there.values(), shelf)
        after = description_of((there | new).values(), shelf)
        alive: dict[tuple[str, int], int] | None = None
        if any(one.workflows for one in before.services):
            known = await living(database)
            alive = {(one.workflow, one.version): one.instances for one in known}
        broken |= dict.fromkeys(breaking(before, after, Around(living=alive)))
    found, _ = without_allowed(tuple(broken), _exceptions(Path(FILE)), today)
    # What another deployment is allowed to break is no fault of this one.
    return tuple(one for one in found if one.rule != UNUSED)


def _is_soon(one: Instance, order: Order) -> bool:
    """Whether a host is of the new release of another deployment that is under way."""
    return one.part in {"canary", "next"} and one.deployment != order.deployment


def _releases(wishes: set[str], shelf: Shelf) -> dict[str, str]:
    """Releases by the name a project lists their service under."""
    found: dict[str, str] = {}
    for wish in wishes:
        found |= read_wish(wish, shelf).releases
    return found


def _exceptions(file: Path) -> tuple[Allowed, ...]:
    """Those the project has written down."""
    return read_exceptions(file.read_text(encoding="utf-8")) if file.exists() else ()
