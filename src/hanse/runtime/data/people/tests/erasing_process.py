"""Erases somebody in a process of its own: `erasing_process.py DATABASE-URL KEYS PERSON`."""

import asyncio
import sys
from pathlib import Path

from hanse.runtime.config.secret import Secret
from hanse.runtime.data.database import Database
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.runtime.data.people.erasing import Erasing
from hanse.runtime.data.people.person import person_of


async def main(url: str, keys: str, person: str) -> None:
    async with Database(DatabaseConfig(url=Secret(url), keys=Path(keys))) as database:
        await database.keys.open()
        await Erasing(database, person_of(database.keys.ring, "default", person)).run("tests")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
