"""Who is silent for long is killed, but not most of a fleet at once, nor by who stood still itself."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from hanse.fleet.control.hosts.member import Member
from hanse.fleet.control.looks.hangs import BLOCKED_SECONDS, HUNG_SECONDS, Hangs
from hanse.fleet.control.looks.scrape import PATIENCE_SECONDS
from hanse.fleet.control.looks.watch import Watch
from hanse.fleet.engine.silence import LATE_SECONDS
from hanse.kit.clock import monotonic

LOOK = 2.5


class Host:
    """As much of a host as is looked at."""

    def __init__(self, name: str, folder: Path, pid: int) -> None:
        self.name = name
        self.socket = folder / f"{name}.sock"
        self.stall = folder / f"{name}.stall"
        self.serving = True
        self.silent = False
        self.supervision = self
        self.stage = "ready"
        self.pid = pid
        self.killed_at: float | None = None
        self.now = 0.0

    def kill(self) -> None:
        self.killed_at = self.now if self.killed_at is None else self.killed_at


def fleet(folder: Path, number: int) -> list[Host]:
    return [Host(f"shop-{each}", folder, each) for each in range(number)]


def looked(hosts: list[Host], silent: int, seconds: float) -> Iterator[float | None]:
    """When each of them was killed, where the first so many are silent for so long."""
    hangs, now = Hangs(), 0.0
    while now <= seconds:
        for one in hosts:
            one.now = now
        names = {one.name: one.pid for one in hosts[:silent] if one.killed_at is None}
        hangs.look(cast("list[Member]", hosts), names, now)
        now += LOOK
    return (one.killed_at for one in hosts)


@pytest.mark.parametrize(("all_of", "silent"), [(1, 1), (2, 2), (6, 3), (60, 1)])
def test_those_that_are_silent_while_others_answer_are_killed(
    tmp_path: Path, all_of: int, silent: int
) -> None:
    found = list(looked(fleet(tmp_path, all_of), silent, HUNG_SECONDS))

    assert found == [HUNG_SECONDS] * silent + [None] * (all_of - silent)


@pytest.mark.parametrize(("all_of", "silent"), [(3, 3), (5, 3), (60, 31)])
def test_where_most_of_a_fleet_is_silent_it_is_waited_for(
    tmp_path: Path, all_of: int, silent: int
) -> None:
    hosts = fleet(tmp_path, all_of)

    assert set(looked(hosts, silent, BLOCKED_SECONDS - LOOK)) == {None}

    found = list(looked(hosts, silent, BLOCKED_SECONDS))
    assert found == [BLOCKED_SECONDS] * silent + [None] * (all_of - silent)


def test_two_looks_far_apart_kill_nobody(tmp_path: Path) -> None:
    [host], hangs = fleet(tmp_path, 1), Hangs()
    for now in (0.0, HUNG_SECONDS):
        hangs.look(cast("list[Member]", [host]), {host.name: host.pid}, now)

    assert host.killed_at is None


@asynccontextmanager
async def deaf(host: Host) -> AsyncIterator[None]:
    """It is there, and answers nobody."""

    async def listens(_: Any, writer: asyncio.StreamWriter) -> None:
        ends.append(writer)

    ends: list[asyncio.StreamWriter] = []
    server = await asyncio.start_unix_server(listens, host.socket)
    try:
        yield
    finally:
        server.close()
        for one in ends:
            one.close()


async def test_who_looks_and_stands_still_knows_of_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    [host], watch = fleet(Path(), 1), Watch()
    async with deaf(host):
        look = asyncio.create_task(watch.look([], cast("list[Member]", [host])))
        await asyncio.sleep(0)
        until = monotonic() + PATIENCE_SECONDS + 2 * LATE_SECONDS
        while monotonic() < until:
            pass
        await look

    assert watch.late


async def test_who_has_an_answer_at_once_is_not_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    [host], watch = fleet(Path(), 1), Watch()

    await watch.look([], cast("list[Member]", [host]))  # nobody listens there

    assert not watch.late
