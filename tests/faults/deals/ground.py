"""What many runs stand on: PostgreSQL, NATS and the world outside, begun once, and hosts ready to be forked."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self

import asyncpg

from hanse import Secret
from hanse.kit.fetch import fetch
from hanse.kit.http import ConnectionFailed
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.testing import NatsServer, PostgresServer
from tests.faults.deals.outside import World
from tests.faults.deals.shop import TABLES
from tests.faults.deals.verdict import Booked, Deal, Found
from tests.faults.kills.hosts import Hosts
from tests.faults.kills.scene import kill_all_of

FIRST = "world_1"
"""What a server calls the first database it makes."""

OVER = """
do $$ begin
  if to_regclass('hanse.subscriber') is not null then
    update hanse.lease set until_time = clock_timestamp() where until_time > clock_timestamp();
    update hanse.subscriber set until_time = clock_timestamp();
  end if;
end $$
"""
"""As if the seconds of all leases had passed: of the dead, and of those who stand still."""

ROWS = """
select doc->>'lane', (doc->>'place')::int, doc->>'number' from shop.{} where site_id = $1
"""
BOOKED = """
select reader, lane, kind, place, number from book.entry where site_id = $1 order by n
"""
DEALS = """
select key, state, coalesce(convert_from(output, 'UTF8')::jsonb #>> '{}', '') from hanse.workflow
where site_id = $1
"""
LANES = "select lane, kind, count from book.lane where site_id = $1"
WAITING = """
select 'event ' || id || ' in the outbox' from hanse.outbox
union all select state || ' event ' || event || ': ' || error from hanse.parked where site_id = $1
"""
OPEN = "select count(*) from hanse.workflow where site_id = $1 and state not in ('done', 'failed')"


class Ground:
    """Of one folder.

    Args:
        folder: Where ledgers lie.
        streams: Where NATS keeps streams that are to last.
        data: Where PostgreSQL keeps data that is to last, with which its writes wait for the disk.
        moved: Whether all of it is there, from another ground.
    """

    def __init__(
        self,
        folder: Path,
        *,
        streams: Path | None = None,
        data: Path | None = None,
        moved: bool = False,
    ) -> None:
        self.folder = folder
        self._streams, self._data, self._moved = streams, data, moved

    async def __aenter__(self) -> Self:
        self._stack = AsyncExitStack()
        self.server = self._stack.enter_context(PostgresServer(data=self._data))
        self.broker = self._stack.enter_context(NatsServer(data=self._streams))
        self.world = await self._stack.enter_async_context(World(self.folder / "world"))
        url = self.server.url(FIRST) if self._moved else await self.server.create()
        self.config = DatabaseConfig(url=Secret(url), keys=self.folder / "keys")
        if not self._moved:
            await self.ask(TABLES)
        self.hosts = [
            await self._stack.enter_async_context(Hosts(self.folder / "files")) for _ in range(2)
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def begin(self, which: int, site: str, flock: str = "shop", **more: Any) -> str:
        """Begins one of its hosts; its URL."""
        more = {"broker": self.broker.url, "outside": self.world.ports, **more}
        return await self.hosts[which].begin(self.config, site=site, flock=flock, **more)

    def kill_postgres(self) -> None:
        """SIGKILL for all its processes, then a start that has to recover."""
        kill_all_of(self.server)
        self.server.stop(keep=True)
        self.server.start()

    def kill_broker(self) -> None:
        """SIGKILL, and a start with what it had written."""
        self.broker.stop(keep=True)
        self.broker.start()

    async def expire(self) -> None:
        """Has the time of all leases pass."""
        await self.ask(OVER)

    async def ask(self, text: str) -> None:
        """Runs statements of our own."""
        connection = await asyncpg.connect(self.config.url.reveal())
        try:
            await connection.execute(text)
        finally:
            await connection.close()

    async def fetch(self, text: str, *arguments: Any) -> list[Any]:
        """Straight out of the tables, for it is the platform that is asked here."""
        connection = await asyncpg.connect(self.config.url.reveal())
        try:
            return await connection.fetch(text, *arguments)
        finally:
            await connection.close()

    async def under_way(self, site: str) -> int:
        """How many deals have not come to an end."""
        return (await self.fetch(OPEN, site))[0][0]

    async def found(self, site: str) -> Found:
        """What there is of a site now."""
        rows = {
            kind: [tuple(row) for row in await self.fetch(ROWS.format(table), site)]
            for kind, table in (("ordered", "orders"), ("paid", "receipts"))
        }
        return Found(
            rows,
            [Booked(*row) for row in await self.fetch(BOOKED, site)],
            [Deal(*row) for row in await self.fetch(DEALS, site)],
            {(lane, kind): n for lane, kind, n in await self.fetch(LANES, site)},
            [one for (one,) in await self.fetch(WAITING, site)],
            self.world.done(site),
        )


async def tell(url: str, path: str, **body: Any) -> int:
    """Asks a host for aid; the status, 0 where nobody answers."""
    kind = {"content-type": "application/json"}
    try:
        target = f"{url}/shop/v1/{path}"
        status, _, _ = await fetch(
            target, verb="POST", headers=kind, body=json.dumps(body).encode()
        )
    except (ConnectionFailed, OSError):
        return 0
    return status


async def until(what: Any, seconds: float = 30.0) -> bool:
    """Whether something came to be true in time."""
    try:
        async with asyncio.timeout(seconds):
            while not await what():
                await asyncio.sleep(0.02)
    except TimeoutError:
        return False
    return True
