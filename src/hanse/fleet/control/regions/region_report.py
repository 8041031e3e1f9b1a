"""Makes of what a region says what people are told of it, among others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.control.api import RegionLine
from hanse.fleet.control.hosts.rollout import ChangeFailed
from hanse.fleet.control.looks.report import process_status
from hanse.fleet.control.region.api import RegionStatus

if TYPE_CHECKING:
    from hanse.fleet.control.api import ProcessStatus
    from hanse.fleet.control.looks.watch import Watch
    from hanse.fleet.control.regions.region import Region
    from hanse.fleet.control.regions.region_book import RegionBook


async def status_of(one: Region, book: RegionBook, watch: Watch) -> RegionStatus:
    """What it says of itself; where it says nothing, that it does not.

    Args:
        one: The region.
        book: Which regions are down.
        watch: Looks at its control.
    """
    own = process_status(one.supervision, watch, "region")
    try:
        found = await one.status()
    except ChangeFailed as error:
        is_down = one.name in book.down
        line = RegionLine(name=one.name, state="down" if is_down else "lost")
        notes = () if is_down else error.problems
        return RegionStatus(processes=(own,), notes=notes, regions=(line,))
    state = "drained" if found.drained else "ready"
    line = RegionLine(name=one.name, state=state, url=found.url, tls_url=found.tls_url)
    processes = tuple(_named_in(one.name, each) for each in found.processes)
    return msgspec.structs.replace(found, processes=(own, *processes), regions=(line,))


def _named_in(region: str, process: ProcessStatus) -> ProcessStatus:
    """Hosts have the region in their names; the others are called the same everywhere."""
    if process.kind == "host":
        return process
    return msgspec.structs.replace(process, name=f"{region}.{process.name}")
