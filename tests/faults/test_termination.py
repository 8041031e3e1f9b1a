"""A real process told to stop under load, and one that is killed: what was answered was done, and vice versa."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hanse.runtime.server.tests.wire import Peer, post

ROOT = Path(__file__).parents[2]
CLIENTS = 8


class Process:
    """A child with a ledger, and where it listens."""

    def __init__(self, child: asyncio.subprocess.Process, url: str, folder: Path) -> None:
        self.child = child
        self.url = url
        self._folder = folder

    @property
    def ledger(self) -> list[str]:
        return (self._folder / "ledger").read_text().split()

    async def wait_busy(self) -> None:
        """Waits until it has done some hundred things."""
        while len(self.ledger) < 500:
            await asyncio.sleep(0)


@asynccontextmanager
async def running(folder: Path):
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.ledger_host", str(folder),
        stdout=asyncio.subprocess.PIPE, cwd=ROOT,
        env={**os.environ, "PYTHONDEVMODE": ""},
    )  # fmt: skip
    try:
        line = await asyncio.wait_for(child.stdout.readline(), 30)
        yield Process(child, line.decode().strip(), folder)
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


async def load(process: Process, number: int, *, ahead: int = 1) -> dict[str, str]:
    """One client that asks until its connection ends: how each request ended."""
    outcomes: dict[str, str] = {}
    try:
        peer = await Peer.tcp(process)
    except ConnectionError:
        return outcomes
    async with peer:
        for turn in range(1_000_000):
            keys = [f"{number}-{turn}-{one}" for one in range(ahead)]
            await peer.send(b"".join(post("/ledger/v1/entries", {"key": key}) for key in keys))
            outcomes |= dict.fromkeys(keys, "ended")
            for key in keys:
                answer = await asyncio.wait_for(peer._read(head=False), 30)
                if answer is None:
                    return outcomes
                outcomes[key] = str(answer.status) if answer.whole else "cut"
                if answer.headers.get("connection") == "close":
                    return outcomes
    return outcomes


async def under_load(process: Process, told: signal.Signals, ahead: int) -> dict[str, str]:
    clients = [asyncio.create_task(load(process, number, ahead=ahead)) for number in range(CLIENTS)]
    await asyncio.wait_for(process.wait_busy(), 30)
    process.child.send_signal(told)
    outcomes: dict[str, str] = {}
    for one in await asyncio.gather(*clients):
        outcomes |= one
    return outcomes


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("ahead", [1, 5], ids=["one by one", "five ahead"])
async def test_told_to_stop_it_answers_all_it_has_begun(tmp_path, told, ahead):
    async with running(tmp_path) as process:
        outcomes = await under_load(process, told, ahead)
        await asyncio.wait_for(process.child.wait(), 10)
        assert process.child.returncode == 0
        assert await process.child.stdout.read() == b"stopped\n"
        # then each request was answered, or its connection ended and nothing of it was done
        assert set(outcomes.values()) <= {"200", "ended"}
        done = process.ledger
        assert len(done) == len(set(done))
        assert {key for key, outcome in outcomes.items() if outcome == "200"} == set(done)


async def test_a_peer_that_is_killed_has_done_at_least_what_it_answered(tmp_path):
    async with running(tmp_path) as process:
        outcomes = await under_load(process, signal.SIGKILL, 1)
        assert set(outcomes.values()) <= {"200", "ended", "cut"}
        answered = {key for key, outcome in outcomes.items() if outcome == "200"}
        assert len(answered) > 400
        assert answered <= set(process.ledger)
        # and at most one request a connection is in doubt
        assert len(set(process.ledger) - answered) <= CLIENTS
