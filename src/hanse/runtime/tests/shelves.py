"""Hosts of shelves that say where they stand, and a shop that asks them: who was called is seen."""

import asyncio
import json
from collections.abc import AsyncIterator

from hanse import PUBLIC, Contract, Host, HostConfig, Service, Tls, rpc

SHELF = "shelf.v1.Shelf"
PATIENCE = 10


class Shelf(Contract, package="shelf.v1"):
    @rpc(allow=PUBLIC)
    async def place(self) -> str: ...

    @rpc(allow=PUBLIC)
    async def wait(self) -> str: ...

    @rpc(allow=PUBLIC)
    def places(self) -> AsyncIterator[str]: ...


class Place:
    """Where a shelf stands, and whether those who wait there may go on."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.begun = asyncio.Event()
        self.go = asyncio.Event()


class Stand(Service, Shelf):
    def __init__(self, place: Place) -> None:
        self._place = place

    async def place(self) -> str:
        return self._place.name

    async def wait(self) -> str:
        self._place.begun.set()
        await self._place.go.wait()
        return self._place.name

    async def places(self) -> AsyncIterator[str]:
        yield self._place.name


class Ladder(Service, package="ladder.v1"):
    @rpc(allow=PUBLIC)
    async def steps(self) -> int:
        return 7


class Shop(Service, package="shop.v1"):
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    @rpc(allow=PUBLIC)
    async def place(self) -> str:
        return await self._shelf.place()


class Fleet:
    """Hosts of shelves, and the file that says where they are."""

    def __init__(self, folder, stack) -> None:
        self.folder = folder
        self.file = folder / "directory.json"
        self.places: dict[str, Place] = {}
        self.hosts: dict[str, Host] = {}
        self._stack = stack
        self._revision = 0

    async def shelf(self, name: str) -> str:
        """Starts a host with a shelf; its address."""
        socket = self.folder / f"{name}.sock"
        await self._start(name, HostConfig(port=None, socket=socket))
        return f"unix:{socket}"

    async def far(self, name: str, tls: Tls) -> str:
        """The same in another region."""
        return (await self._start(name, HostConfig(port=None, mutual_port=0, tls=tls))).url

    async def _start(self, name: str, config: HostConfig) -> Host:
        place = self.places[name] = Place(name)
        host = Host([Stand, Ladder], config, provided={Place: place})
        self.hosts[name] = await self._stack.enter_async_context(host)
        return host

    def kill(self, name: str) -> None:
        """Ends one with all that it has open, as a process that is killed."""
        self.hosts[name]._doors.close()
        for connection in self.hosts[name].connections:
            connection.abort()

    def write(self, *addresses: str, **others: list[str]) -> None:
        self._write({"services": {SHELF: addresses, **others}})

    def write_regions(self, own: list[str] | None, elsewhere: list[str]) -> None:
        """Who serves shelves in this region, None for a file that says nothing of it; who else."""
        services = {} if own is None else {SHELF: own}
        self._write({"services": services, "elsewhere": {SHELF: elsewhere}})

    def _write(self, said: dict) -> None:
        self._revision += 1
        self.replace(json.dumps({"revision": self._revision, **said}))

    def replace(self, text: str) -> None:
        new = self.file.with_suffix(".new")
        new.write_text(text)
        new.replace(self.file)

    async def caller(self, *services: type, **options) -> Host:
        options = {"port": None, "directory_file": self.file, **options}
        host = Host(services, HostConfig(**options), provided={Place: Place("here")})
        return await self._stack.enter_async_context(host)


async def until(condition) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.005)
