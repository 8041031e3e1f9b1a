"""Alembic, as ever; what is the host's is left alone by one line."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from alembic import context
from lending.models import Base
from sqlalchemy.ext.asyncio import create_async_engine

from hanse.beside import apart

if TYPE_CHECKING:
    from sqlalchemy import Connection


def migrate(connection: Connection) -> None:
    """Does what was asked of Alembic."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_schemas=True,
        include_name=apart(),  # new
    )
    with context.begin_transaction():
        context.run_migrations()


async def main() -> None:
    """Connects."""
    url = context.config.attributes.get("url") or os.environ["LENDING_DATABASE"]
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


asyncio.run(main())
