"""Hosts are killed in the middle, and who asks again under the same key gets what it asked for, once."""

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hanse.kit.clock import monotonic
from hanse.kit.http import Address, ConnectionFailed, connect
from hanse.runtime.config.secret import Secret
from hanse.runtime.data.database import Database
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.testing.servers.postgres_server import PostgresServer

ROOT = Path(__file__).parents[2]
SEED = int(os.environ.get("HANSE_TEST_SEED", "20261128"))
BUYERS = 8
PATIENCE_SECONDS = 60.0


@pytest.fixture
async def database() -> AsyncIterator[tuple[Database, str]]:
    with PostgresServer() as server:
        url = await server.create()
        async with Database(DatabaseConfig(url=Secret(url))) as opened:
            await opened.execute("create schema till")
            await opened.execute("create table till.sale (item text)")
            yield opened, url


class Till:
    """The host, which is killed and begun again at one port."""

    def __init__(self, url: str, keys: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        program = [sys.executable, "-m", "tests.faults.till_host"]
        self._command = [*program, url, str(self.port), str(keys)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, cwd=ROOT)

    def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()


async def buy(port: int, item: str) -> bytes:
    """Asks until there is an answer, under one key; the answer."""
    body = f'{{"item": "{item}"}}'
    request = (
        f"POST /till/v1/sales HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        f"idempotency-key: {item}\r\nconnect-timeout-ms: 400\r\n"
        f"content-length: {len(body)}\r\n\r\n{body}"
    ).encode()
    until = monotonic() + PATIENCE_SECONDS
    while True:
        assert monotonic() < until, f"{item} got no answer (seed {SEED})"
        try:
            channel = await connect(Address(f"http://127.0.0.1:{port}"), None)
            try:
                async with asyncio.timeout(5):
                    status, _, answer = await channel.exchange(request)
            finally:
                channel.close()
        except (ConnectionFailed, TimeoutError):
            await asyncio.sleep(0.01)
            continue
        if status == 200:
            return answer
        assert status in {409, 503, 504}, (status, answer, SEED)
        await asyncio.sleep(0.01)


async def buy_until(port: int, buyer: int, over: asyncio.Event) -> list[str]:
    bought = []
    while not over.is_set():
        item = f"{buyer}-{len(bought)}"
        assert await buy(port, item) == b"1", (item, SEED)
        bought.append(item)
    return bought


@pytest.mark.parametrize("kills", [6, pytest.param(300, marks=pytest.mark.long)])
async def test_what_was_acknowledged_was_done_once_whenever_the_host_dies(
    database, kills, tmp_path
) -> None:
    opened, url = database
    chance, till, over = random.Random(SEED), Till(url, tmp_path / "keys"), asyncio.Event()
    till.start()
    await buy(till.port, "first")
    buyers = [asyncio.create_task(buy_until(till.port, one, over)) for one in range(BUYERS)]
    try:
        for _ in range(kills):
            await asyncio.sleep(chance.uniform(0.0, 0.4))  # anywhere in whatever runs
            till.kill()
            till.start()
            await buy(till.port, f"kill-{chance.random()}")
        over.set()
        bought = [item for items in await asyncio.gather(*buyers) for item in items]
    finally:
        till.kill()

    sold = [row[0] for row in await opened.fetch("select item from till.sale")]
    assert len(sold) == len(set(sold)), f"sold twice (seed {SEED})"
    assert set(bought) <= set(sold), f"acknowledged and lost (seed {SEED})"
    assert len(bought) > kills, f"too little was tried to tell (seed {SEED})"
