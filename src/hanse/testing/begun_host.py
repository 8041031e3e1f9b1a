"""What a world does with its host, for a host that an app has begun itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.testing.events.settled import PATIENCE_SECONDS, until_settled

if TYPE_CHECKING:
    from hanse.runtime.host import Host


async def settled(host: Host, seconds: float = PATIENCE_SECONDS) -> None:
    """As `World.settled`, for a host beside an app: waits until every event was told and handled.

        async with host.lifespan():
            await client.post("/loans", json={"book": "Emma"})
            await settled(host)

    Args:
        host: It has begun.
        seconds: How long at most.

    Raises:
        NotSettled: It is not so by then; it says what is left, and where.
    """
    await until_settled(host, seconds)


async def catch_up(host: Host) -> None:
    """As `World.catch_up`, for a host beside an app: does at once what is due.

    Args:
        host: It has begun.

    Raises:
        HanseError: It cannot be done.
    """
    if host.database is not None:
        await host.database.upkeep.catch_up()
