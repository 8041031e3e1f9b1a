"""Waits until the events of a world have come to rest."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from hanse.kit.clock import monotonic, wait_set
from hanse.runtime.errors import HanseError

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database
    from hanse.runtime.events.relay.post import Post
    from hanse.runtime.host import Host

PATIENCE_SECONDS = 30.0
LOOK_SECONDS = 0.01

_OUTBOX = "select count(*) as waiting from hanse.outbox"


class NotSettled(Exception):
    """Events are under way for longer than a test waits; each line says which, and where."""


async def until_settled(host: Host, seconds: float) -> None:
    """Waits until the outbox is empty, the stream read, and all that is due was done.

    Args:
        host: Whose events.
        seconds: How long at most.

    Raises:
        NotSettled: It is not so by then.
    """
    until, never = monotonic() + seconds, asyncio.Event()
    while not await _is_settled(host):
        if monotonic() > until:
            raise NotSettled("\n".join(await _left(host)))
        await wait_set(never, LOOK_SECONDS)


async def _is_settled(host: Host) -> bool:
    with suppress(HanseError):
        before = await _told(host)
        settled = [await one.settle() for one in host.background.settling()]
        # What a handler told while the others were looked at is in the outbox or the stream now.
        return all(settled) and before is not None and await _told(host) == before
    return False


async def _told(host: Host) -> int | None:
    """The last event in the stream; None while others wait to be told."""
    if host.post is None or host.database is None:
        return 0
    host.database.outbox_wake.set()
    if await _waiting(host.database):
        return None
    return await _last(host.post)


async def _waiting(database: Database) -> int:
    there = await database.fetch_row("select to_regclass('hanse.outbox') is not null")
    row = await database.fetch_row(_OUTBOX) if there and there[0] else None
    return row["waiting"] if row else 0


async def _last(post: Post) -> int:
    return (await (await post.stream()).place()).last


async def _left(host: Host) -> list[str]:
    """What is under way, in sentences."""
    left: list[str] = []
    if host.database is not None and host.post is not None:
        waiting = await _waiting(host.database)
        state = "is there" if host.post.broker.connected else "cannot be reached"
        left.append(f"{waiting} events wait to be told; the broker {state}")
    for one in host.background.settling():
        left += one.stuck()
    return left
