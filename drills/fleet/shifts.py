"""Shares of a canary that change while nothing else does, and what the gateway is sent for each."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hanse import Host, HostConfig
from hanse.fleet.control.staging.api import Order, Staging
from hanse.fleet.state import StateFolder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.25, 0.1, 0.05)


async def shift(
    project: Path, service: str, sent: Callable[[Path], int]
) -> list[tuple[float, int]]:
    """Each share, and the bytes that came to it.

    Args:
        project: What runs.
        service: Of which another release lies in its folder.
        sent: Bytes the gateway has been sent so far.
    """
    os.chdir(project)  # sockets are relative to it
    at = f"unix:{StateFolder(project).control_socket}"
    directory = {Staging.__contract__.full_name: (at,)}
    found: list[tuple[float, int]] = []
    async with Host([], HostConfig(port=None, docs=False, directory=directory)) as host:
        staging = host.get(Staging)
        proposed = await staging.propose((service,))
        order = Order(
            deployment="drill",
            changes=proposed.changes,
            environment=proposed.environment,
            local=proposed.local,
        )
        await staging.stage(order)
        for share in SHARES:
            before = sent(project)
            await staging.share(order.deployment, share, share)
            found.append((share, sent(project) - before))
        await staging.go_back(order)
    return found
