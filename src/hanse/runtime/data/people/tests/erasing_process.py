"""Erases somebody in a process of its own: `erasing_process.py DATABASE-URL POOLER KEYS PERSON`."""

import asyncio
import sys
from pathlib import Path
from typing import Any

from hanse.runtime.config.secret import Secret
from hanse.runtime.data.database import Database
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.runtime.data.people.erasing import Erasing
from hanse.runtime.data.people.person import person_of


async def main(url: str, pooler: Any, keys: str, person: str) -> None:
    config = DatabaseConfig(url=Secret(url), pooler=pooler, keys=Path(keys))
    async with Database(config) as database:
        await database.keys.open()
        await Erasing(database, person_of(database.keys.ring, "default", person)).run("tests")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5]))
