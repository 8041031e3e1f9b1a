"""The library in a process of its own, which is killed.

`library_process.py DATABASE-URL KEYS lend` lends twice, and dies before the second is committed;
`library_process.py DATABASE-URL KEYS handle BROKER-URL POINT` stands still at a point of its handler.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from hanse import BrokerConfig, DatabaseConfig, Secret
from hanse.kit.clock import wait_set
from hanse.runtime.beside.tests.library import Library, Reminders, Returns
from hanse.testing.faults import Faults


async def lend(library: Library) -> None:
    async with library.sessions.begin() as session:
        await library.lend(session, "kept")
        await library.processes.start(session, Returns.wait_for, "kept", id="kept")
    async with library.sessions.begin() as session:
        await library.lend(session, "lost")
        await library.processes.start(session, Returns.wait_for, "lost", id="lost")
        await session.flush()
        os.kill(os.getpid(), signal.SIGKILL)


async def main(url: str, keys: str, what: str, broker: str = "", point: str = "") -> None:
    config = DatabaseConfig(url=Secret(url), keys=Path(keys))
    if what == "lend":  # beside a host that tells nobody: another one does, or nobody
        async with Library(config) as library:
            await lend(library)
        return
    faults = Faults()
    with faults.watching():
        faults.at(point, 1).stop()
        async with Library(config, Reminders, broker=BrokerConfig(url=Secret(broker))):
            await wait_set(asyncio.Event(), 60)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
