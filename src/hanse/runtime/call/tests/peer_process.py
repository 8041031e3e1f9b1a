"""A host in a process of its own, to be killed: `python -m hanse.runtime.call.tests.peer_process SOCKET`."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from hanse import PUBLIC, Contract, Host, HostConfig, Service, rpc


class Mortal(Contract, package="mortal.v1"):
    @rpc(allow=PUBLIC)
    async def pid(self) -> int: ...

    @rpc(allow=PUBLIC)
    async def hang(self) -> None: ...

    @rpc(allow=PUBLIC, idempotent=True)
    async def hang_safely(self, unless: int) -> int: ...

    @rpc(allow=PUBLIC)
    def drip(self) -> AsyncIterator[int]: ...


class Process(Service, Mortal):
    async def pid(self) -> int:
        return os.getpid()

    async def hang(self) -> None:
        print("began", flush=True)
        await asyncio.Event().wait()

    async def hang_safely(self, unless: int) -> int:
        print("began", flush=True)
        if unless != os.getpid():
            await asyncio.Event().wait()
        return unless

    async def drip(self) -> AsyncIterator[int]:
        yield 1
        print("began", flush=True)
        await asyncio.Event().wait()


async def serve(socket: Path) -> None:
    async with Host([Process], HostConfig(port=None, socket=socket)):
        print("ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
