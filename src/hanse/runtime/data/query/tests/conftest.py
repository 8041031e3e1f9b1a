"""A connection to each PostgreSQL there is, for tests that do not await."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from hanse.runtime.data.tests.servers import IN_A_CELL, OWN_VERSION, VERSIONS, Servers, servers
from hanse.testing.servers.postgres_server import PostgresServer

__all__ = ["Asker", "asker", "servers"]


class Asker:
    """Asks a fresh database of a server."""

    def __init__(self, server: PostgresServer) -> None:
        self._runner = asyncio.Runner()
        self._connection = self._runner.run(self._connect(server))

    async def _connect(self, server: PostgresServer) -> asyncpg.Connection:
        return await asyncpg.connect(await server.create())

    def fetch(self, text: str, *arguments: Any) -> list[asyncpg.Record]:
        return self._runner.run(self._connection.fetch(text, *arguments))

    def execute(self, text: str) -> None:
        self._runner.run(self._connection.execute(text))

    def close(self) -> None:
        self._runner.run(self._connection.close())
        self._runner.close()


OTHERS = [
    pytest.param(each, marks=pytest.mark.long)
    for each in VERSIONS
    if each != OWN_VERSION and not IN_A_CELL
]


@pytest.fixture(scope="module", params=[OWN_VERSION, *OTHERS])
def asker(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Asker]:
    asked = Asker(servers.server(request.param))
    yield asked
    asked.close()
