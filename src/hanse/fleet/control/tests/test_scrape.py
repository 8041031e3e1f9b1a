"""A host is asked again and again on one connection, and whoever is there in its place as well."""

import asyncio
from pathlib import Path

import pytest

from hanse.fleet.control.looks.scrape import Lines
from hanse.kit.clock import wait_set
from hanse.runtime.host import Host
from hanse.runtime.host_config import HostConfig


@pytest.fixture
def socket(tmp_path: Path) -> Path:
    return tmp_path / "host.sock"


def host(socket: Path) -> Host:
    return Host([], HostConfig(port=None, socket=socket, docs=False))


async def test_it_is_asked_on_one_connection_until_nobody_asks_any_more(socket: Path) -> None:
    lines = Lines()
    async with host(socket) as here:
        for at in (1.0, 2.0, 3.0):
            found = await lines.numbers_of(socket, at)
            assert found is not None
            assert found.at == at
        [only] = here.connections
        lines.keep([socket])
        assert list(here.connections) == [only]

        lines.keep([])

        async with asyncio.timeout(10):
            while list(here.connections):
                await wait_set(asyncio.Event(), 0.01)


async def test_who_is_there_in_its_place_answers_at_once(socket: Path) -> None:
    lines = Lines()
    async with host(socket):
        assert await lines.numbers_of(socket, 1.0) is not None

    assert await lines.numbers_of(socket, 2.0) is None

    async with host(socket) as here:
        assert await lines.numbers_of(socket, 3.0) is not None
        for connection in here.connections:
            connection.abort()
        assert await lines.numbers_of(socket, 4.0) is not None
        lines.keep([])


async def test_a_host_that_ends_waits_for_nobody_who_only_asks(socket: Path) -> None:
    lines = Lines()
    async with host(socket) as here:
        await lines.numbers_of(socket, 1.0)
        async with asyncio.timeout(here.limits.drain_timeout / 2):
            await here.stop()
    lines.keep([])
