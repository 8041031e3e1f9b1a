"""A host whose service blocks for good: `python -m hanse.runtime.tests.stuck STALL_FILE`."""

import asyncio
import sys
import threading
from pathlib import Path

from hanse import PUBLIC, Host, HostConfig, Service, rpc


class Stuck(Service, package="stuck.v1"):
    @rpc(allow=PUBLIC)
    async def stick(self) -> None:
        threading.Event().wait()


async def serve(file: Path) -> None:
    async with Host([Stuck], HostConfig(port=None, stall_file=file)) as host:
        await host.get(Stuck).stick()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
