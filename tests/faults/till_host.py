"""A host that sells, in a process of its own: `python -m tests.faults.till_host URL PORT KEYS`."""

from __future__ import annotations

import sys
from pathlib import Path

import uvloop

from hanse import PUBLIC, Host, HostConfig, Secret, Service, rpc
from hanse.runtime.data.database import Database
from hanse.runtime.data.database_config import DatabaseConfig


class Till(Service):
    """Writes down what was sold."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @rpc("POST /till/v1/sales", allow=PUBLIC)
    async def sell(self, item: str) -> int:
        await self._database.execute("insert into till.sale (item) values ($1)", item)
        row = await self._database.fetch_row("select count(*) from till.sale where item = $1", item)
        assert row is not None
        return row[0]


if __name__ == "__main__":
    database = DatabaseConfig(url=Secret(sys.argv[1]), keys=Path(sys.argv[3]))
    config = HostConfig(port=int(sys.argv[2]), docs=False, database=database)
    uvloop.run(Host([Till], config).run())
