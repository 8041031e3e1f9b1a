"""All that the app has: its database, its sessions, and a host beside them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from hanse import BrokerConfig, Clock, DatabaseConfig, Host, HostConfig, Secret
from hanse.beside import Outbox, Processes, Sessions
from lending.desk import Desk, Returns

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path


class Library:
    """Made once a process.

    Args:
        database: `postgresql://user:password@host/name`, for both.
        broker: `nats://user:password@host:4222`.
        keys: A folder that is in no backup of the database: what is personal is sealed by it.
        clock: For tests.
    """

    def __init__(self, database: str, broker: str, keys: Path, clock: Clock | None = None) -> None:
        self._engine = create_async_engine(
            database.replace("postgresql://", "postgresql+asyncpg://")
        )
        self.sessions: async_sessionmaker[AsyncSession] = async_sessionmaker(self._engine)
        self.host = Host(
            [Desk, Returns],
            HostConfig(
                name="lending",
                port=None,
                database=DatabaseConfig(url=Secret(database), keys=keys),
                broker=BrokerConfig(url=Secret(broker)),
            ),
            provided={Sessions: Sessions(self.sessions)},
            clock=clock,
        )
        self.outbox = Outbox(self.host)
        self.processes = Processes(self.host)

    @asynccontextmanager
    async def lifespan(self, app: object = None) -> AsyncGenerator[None]:
        """For FastAPI: the host begins and ends with the app."""
        async with self.host.lifespan(app):
            yield
        await self._engine.dispose()
