"""Keeps a region's hosts and gateway at what the other regions serve."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from hanse.fleet.directory.failures import DirectoryAway

if TYPE_CHECKING:
    from hanse.fleet.control.hosts.hosts import Hosts
    from hanse.fleet.directory.shared import SharedDirectory

log = logging.getLogger("hanse.region")


async def follow_others(directory: SharedDirectory, hosts: Hosts) -> None:
    """Tells hosts and gateway of each change, and the others when all of them know; for ever.

    Args:
        directory: What regions share.
        hosts: Those of this region.
    """
    others = directory.others()
    while True:
        try:
            await hosts.tell()
            await directory.applied_here(others.revision)
        except DirectoryAway as error:
            log.warning("Other regions do not hear that this one has read of them: %s", error)
        except Exception:
            log.exception("What other regions serve is not told; the next change may be.")
        others = await directory.until_changed(others.number)
