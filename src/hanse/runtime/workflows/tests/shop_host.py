"""Runs the shop in a process of its own, begins one checkout, and stops where it is told.

`shop_host.py DATABASE-URL KEYS LEDGER POINT NTH`
"""

import asyncio
import sys
from pathlib import Path

from hanse.kit.clock import wait_set
from hanse.runtime.config.secret import Secret
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.runtime.host import Host
from hanse.runtime.host_config import HostConfig
from hanse.runtime.workflows.tests.shop import Bank, Shop, Wanted
from hanse.testing import Faults


def shop_host(url: str, keys: str, bank: Bank) -> Host:
    config = DatabaseConfig(url=Secret(url), keys=Path(keys))
    return Host([Shop], HostConfig(database=config), provided={Bank: bank})


async def main(url: str, keys: str, ledger: str, point: str, nth: str) -> None:
    faults = Faults()
    with faults.watching():
        async with shop_host(url, keys, Bank(Path(ledger))) as host:
            faults.at(point, int(nth)).stop()
            await host.get(Shop).order(Wanted("a boat"), "order-1")
            print("ordered", flush=True)
            await wait_set(asyncio.Event(), 60)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:6]))
