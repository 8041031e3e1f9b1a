"""A host whose answers take time as real ones do: work, waits, a cache, pauses."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import os
import random

import uvloop

from hanse import PUBLIC, Host, HostConfig, Service, rpc

ITEMS = 400
"""Different things that are asked for; the first time each is ten times the work."""


class Items(Service, package="items.v1"):
    """Looks things up.

    What it does is drawn anew in each process: two hosts of one release are never alike.
    """

    def __init__(self) -> None:
        self._known: dict[int, str] = {}
        self._chance = random.Random()
        self._pauses = os.environ["RECORD_PAUSES"] == "1"
        self._kept: list[list[int]] = []
        self._asked = 0

    @rpc("GET /items/v1/items/{number}", allow=PUBLIC)
    async def get(self, number: int) -> str:
        """Work of 50 µs and more, and a wait of 2 ms in the middle, now and then of 20."""
        rounds = 40 if number in self._known else 400
        text = str(number)
        for _ in range(rounds * (1 + number % 7)):
            text = hashlib.sha256(text.encode()).hexdigest()
        self._known[number] = text
        await asyncio.sleep(self._chance.lognormvariate(-6.2, 0.5))
        self._asked += 1
        if self._pauses and self._asked % 700 == 0:
            self._pause()
        return text

    def _pause(self) -> None:
        """As a collection of garbage that has grown old."""
        self._kept = [[one] for one in range(150_000)]
        gc.collect()


if __name__ == "__main__":
    config = HostConfig(port=int(os.environ["BENCH_PORT"]))
    uvloop.run(Host([Items], config).run())
