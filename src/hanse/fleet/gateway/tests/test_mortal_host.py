"""Hosts are killed under load: what may be repeated is answered, and never with another's answer."""

import asyncio
import contextlib
import itertools
import json
import sys
from collections import Counter

import pytest

from hanse.fleet.gateway.picture import Endpoint, Upstream
from hanse.fleet.gateway.tests.world import World, eventually, read_answer, request

CLIENTS = 16


class Shop:
    """A host in a process of its own."""

    def __init__(self, world: World, name: str) -> None:
        self._world = world
        self._gate = f"{name}.gate"
        self.endpoint = Endpoint(self._gate)
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        gate = self._world.folder / self._gate
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "hanse.fleet.gateway.tests.shop_process", str(gate),
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert await eventually(self._answers)

    async def _answers(self) -> bool:
        try:
            _, writer = await asyncio.open_unix_connection(self._world.folder / self._gate)
        except OSError:
            return False
        writer.close()
        return True

    async def kill(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
            self._process = None


class Load:
    """Clients that ask for one item after the other, and count what they get."""

    def __init__(self, world: World) -> None:
        self.counted: Counter[str] = Counter()
        self._world = world
        self._numbers = itertools.count()
        self._running = True

    async def client(self) -> None:
        while self._running:
            async with self._world.connection() as (reader, writer):
                with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                    while self._running:
                        self.counted[await self._ask(reader, writer)] += 1

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        number = next(self._numbers)
        writer.write(request(f"/shop/v1/items/{number}"))
        try:
            answer = await read_answer(reader)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.counted["cut"] += 1
            raise
        if answer.status != 200:
            return str(answer.status)
        return "right" if json.loads(answer.body) == number else "wrong"

    def end(self) -> None:
        self._running = False


async def killed_under_load(world: World, hosts: int, kills: int) -> Counter[str]:
    shops = [Shop(world, f"shop{number}") for number in range(hosts)]
    load = Load(world)
    try:
        for shop in shops:
            await shop.start()
        await world.show(Upstream("shop.v1.Shop", ("shop",), tuple(one.endpoint for one in shops)))
        async with asyncio.TaskGroup() as group:
            for _ in range(CLIENTS):
                group.create_task(load.client())
            for number in range(kills):
                before = load.counted["right"]
                assert await eventually(lambda before=before: load.counted["right"] > before + 200)
                await shops[number % hosts].kill()
                await shops[number % hosts].start()
            load.end()
    finally:
        for shop in shops:
            await shop.kill()
    return load.counted


async def test_kill_of_one_of_two_fails_nothing(world: World) -> None:
    counted = await killed_under_load(world, hosts=2, kills=4)
    assert counted["right"] > 800
    assert set(counted) == {"right"}


async def test_kill_of_the_only_one_is_waited_for(world: World) -> None:
    counted = await killed_under_load(world, hosts=1, kills=2)
    assert counted["wrong"] == 0
    assert counted["right"] > 400


@pytest.mark.long
async def test_twenty_kills_fail_at_most_one_in_ten_thousand(world: World) -> None:
    counted = await killed_under_load(world, hosts=2, kills=20)
    failed = sum(counted.values()) - counted["right"]
    assert counted["wrong"] == 0
    assert failed <= sum(counted.values()) / 10_000, counted
