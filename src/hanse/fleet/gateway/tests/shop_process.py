"""A host behind the gateway, to be killed: `python -m hanse.fleet.gateway.tests.shop_process GATE`."""

import asyncio
import sys
from pathlib import Path

from hanse import PUBLIC, Host, HostConfig, Service, rpc


class Shop(Service, package="shop.v1"):
    """Answers what it was asked, so that a mixed-up answer is seen."""

    @rpc("GET /shop/v1/items/{number}", allow=PUBLIC)
    async def item(self, number: int) -> int:
        return number

    @rpc("POST /shop/v1/items", allow=PUBLIC)
    async def add(self, number: int, text: str = "") -> int:
        return number + len(text)


async def main(gate: Path) -> None:
    host = Host([Shop], HostConfig(port=None, gate=gate))
    await host.run()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
