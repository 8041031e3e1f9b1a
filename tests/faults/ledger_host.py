"""A host in a process of its own that writes down what it did: `python -m tests.faults.ledger_host FOLDER`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import uvloop

from hanse import PUBLIC, Host, HostConfig, Service, Struct, rpc


class Entry(Struct, frozen=True):
    key: str


class Ledger(Service):
    """Keeps a ledger; whatever stands in it was done."""

    def __init__(self, folder: Path) -> None:
        self._file = (folder / "ledger").open("ab", buffering=0)

    @rpc("POST /ledger/v1/entries", allow=PUBLIC)
    async def add(self, key: str) -> Entry:
        self._file.write(f"{key}\n".encode())
        await asyncio.sleep(0)
        return Entry(key)


async def serve(folder: Path) -> None:
    host = Host([Ledger], HostConfig(), provided={Path: folder})

    async def announce() -> None:
        while not host.listening:
            await asyncio.sleep(0)
        print(host.url, flush=True)

    announcing = asyncio.create_task(announce())
    await host.run()
    await announcing
    print("stopped", flush=True)


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1])))
