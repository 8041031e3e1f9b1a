"""Real brokers of regions, and directories that are followed by them."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from functools import partial

import pytest
import pytest_asyncio

from hanse.fleet.directory.bucket import WRITE_SECONDS
from hanse.fleet.directory.shared import SharedDirectory
from hanse.fleet.engine.brokers.tests.cluster import Cluster

PATIENCE = float(os.environ.get("PATIENCE", "60"))


@pytest.fixture(scope="module")
def regions(tmp_path_factory: pytest.TempPathFactory):
    """Four: three hold the directory, the fourth's broker passes on."""
    with Cluster(tmp_path_factory.mktemp("directory"), 4) as cluster:
        yield cluster


class Directories:
    """What control processes have, by region."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.open: dict[str, SharedDirectory] = {}
        self.stacks: dict[str, AsyncExitStack] = {}
        self.drained: set[str] = set()

    async def begin(
        self, *names: str, patience: float = WRITE_SECONDS, **given: object
    ) -> list[SharedDirectory]:
        for name in names:
            cluster = self.cluster
            is_head = name == "head"
            config = cluster.of_head(**given) if is_head else cluster.control(name, **given)
            state = cluster.head if is_head else cluster.states[name]
            file = state.nats / "directory.json"
            directory = SharedDirectory(
                config, name, file, patience=patience, drained=partial(self._is_drained, name)
            )
            self.stacks[name] = AsyncExitStack()
            await self.stacks[name].enter_async_context(directory)
            self.open[name] = directory
            if is_head:
                await asyncio.wait_for(directory.lead(), PATIENCE)
        return [self.open[name] for name in names]

    def _is_drained(self, name: str) -> bool:
        return name in self.drained

    async def end(self, *names: str) -> None:
        for name in names:
            del self.open[name]
            await self.stacks.pop(name).aclose()


@pytest_asyncio.fixture
async def directories(regions):
    """Of this module's regions; none is open at first, and all are ended."""
    made = Directories(regions)
    yield made
    await made.end(*list(made.open))
