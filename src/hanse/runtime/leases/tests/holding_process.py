"""Takes a lease in a process of its own and, for each line it is sent, says whether it has it.

`holding_process.py DATABASE-URL NAME SECONDS`
"""

import asyncio
import sys

from hanse.runtime.config.secret import Secret
from hanse.runtime.data.database import Database
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.runtime.leases.lease import Lease


async def main(url: str, name: str, seconds: str) -> None:
    async with Database(DatabaseConfig(url=Secret(url))) as database:
        lease = Lease(database, name, float(seconds))
        print(await lease.take(), flush=True)
        for _ in sys.stdin:
            print(lease.held, await lease.renew(), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
