"""Hosts are killed and stopped in the middle: others go on, and what was stopped writes nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hanse.kit.clock import wait_set
from hanse.runtime.data.database import Database
from hanse.runtime.data.tests.servers import PATIENCE
from hanse.runtime.workflows.tests import shop_host
from hanse.runtime.workflows.tests.shop import Bank, Receipt, Shop

LONG = pytest.mark.long
POINTS = [
    pytest.param("workflow.claimed", 1, marks=LONG),
    ("workflow.step_done", 1),
    ("workflow.written", 1),
    pytest.param("workflow.transaction_kept", 1, marks=LONG),
    pytest.param("data.transaction.commit_sent", 2, marks=LONG),
    ("data.transaction.committed", 2),
    pytest.param("workflow.written", 2, marks=LONG),
]
"""In the order in which a checkout comes by."""

OVER = "update hanse.lease set until_time = clock_timestamp() where name like 'workflows %'"
"""As if its seconds had passed."""
ENTRIES = "select place, kind, name, failed from hanse.journal order by place"
INSTANCE = "select state, epoch from hanse.workflow"


class Ground:
    def __init__(self, url: str, keys: str, ledger: Path) -> None:
        self.url, self.keys, self.ledger = url, keys, ledger

    @asynccontextmanager
    async def stopped(self, point: str, nth: int) -> AsyncIterator[subprocess.Popen[bytes]]:
        """A host that stands still at a point."""
        command = [sys.executable, shop_host.__file__, self.url, self.keys, str(self.ledger)]
        process = begun([*command, point, str(nth)])
        try:
            wait = os.WUNTRACED
            _, status = await asyncio.to_thread(os.waitpid, process.pid, wait)
            assert os.WIFSTOPPED(status), "it ended before it came there"
            yield process
        finally:
            process.kill()
            process.communicate()

    async def finished(self) -> Receipt:
        """What another host makes of it."""
        async with shop_host.shop_host(self.url, self.keys, Bank(self.ledger)) as host:
            async with asyncio.timeout(PATIENCE):
                receipt = await host.get(Shop).receipt("order-1")
            assert await host.get(Shop).items() == ("a boat", "asked for a boat")
        return receipt


def begun(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdout=subprocess.PIPE)


@pytest.fixture
async def ground(postgres: Database, tmp_path: Path) -> Ground:
    keys = postgres.config.keys
    assert keys is not None
    return Ground(postgres.config.url.reveal(), str(keys), tmp_path / "ledger")


@pytest.mark.parametrize(("point", "nth"), POINTS)
async def test_whoever_dies_where_another_goes_on(
    ground: Ground, postgres: Database, point: str, nth: int
) -> None:
    async with ground.stopped(point, nth) as process:
        process.kill()
        process.wait()
    await postgres.execute(OVER)

    assert await ground.finished() == Receipt("a boat", "paid 1")

    payments = ground.ledger.read_text().splitlines()
    assert len(set(payments)) == 1, "each try has the same key"
    assert len(payments) == 1 + (point == "workflow.step_done"), "what was known is not done again"
    entries = await postgres.fetch(ENTRIES)
    assert [tuple(row) for row in entries] == [
        (0, "step", "charge", False),
        (1, "transaction", "save", False),
    ]


@pytest.mark.parametrize(("point", "nth"), [("workflow.step_done", 1), ("workflow.written", 1)])
async def test_a_host_that_was_stopped_writes_nothing_when_it_goes_on(
    ground: Ground, postgres: Database, point: str, nth: int
) -> None:
    async with ground.stopped(point, nth) as process:
        await postgres.execute(OVER)
        assert await ground.finished() == Receipt("a boat", "paid 1")
        before = await postgres.fetch("select * from hanse.journal order by place")
        payments = ground.ledger.read_text()
        os.kill(process.pid, signal.SIGCONT)
        await until_it_wrote(postgres)
        after = await postgres.fetch("select * from hanse.journal order by place")
        assert [tuple(row) for row in after] == [tuple(row) for row in before]
        assert ground.ledger.read_text() == payments
        assert [tuple(row) for row in await postgres.fetch(INSTANCE)] == [("done", 3)]
        rows = await postgres.fetch("select doc->>'item' from shop.orders")
        assert len(rows) == 2


async def until_it_wrote(postgres: Database) -> None:
    """It has a lease again: what it was about to write is written or refused by then."""
    good = (
        "select from hanse.lease where name like 'workflows %' and until_time > clock_timestamp()"
    )
    async with asyncio.timeout(PATIENCE):
        while not await postgres.fetch(good):
            await wait_set(asyncio.Event(), 0.02)
