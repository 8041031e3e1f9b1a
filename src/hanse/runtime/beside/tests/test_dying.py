"""Apps are killed between a commit and its effects: nothing is lost, and all of it happens once."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from hanse.runtime.beside.tests import library_process
from hanse.runtime.beside.tests.library import BookLent, Library, Reminders, Returns
from hanse.runtime.data.tests.servers import PATIENCE
from hanse.testing.events.settled import until_settled
from hanse.testing.servers.nats_server import shared_broker

OVER = (
    "update hanse.subscriber set until_time = clock_timestamp()",
    "update hanse.lease set until_time = clock_timestamp()",
)
"""As if their seconds had passed."""


@contextmanager
def begun(config, *words: str) -> Iterator[subprocess.Popen]:
    where = config.url.reveal(), str(config.keys)
    process = subprocess.Popen([sys.executable, library_process.__file__, *where, *words])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def reminders(postgres) -> list[str]:
    return [row["text"] for row in await postgres.fetch("select text from public.reminder")]


async def test_what_was_committed_is_told_and_begun_and_nothing_else(postgres):
    with begun(postgres.config, "lend") as process:
        assert await asyncio.to_thread(process.wait, 2 * PATIENCE) == -signal.SIGKILL
    broker = shared_broker().config()
    async with Library(postgres.config, Reminders, Returns, broker=broker) as library:
        async with library.sessions.begin() as session:
            await library.processes.signal(session, Returns.wait_for, "kept", "back", "Ada")
        assert await library.processes.result(Returns.wait_for, "kept") == "Ada"
        await until_settled(library.host, PATIENCE)
    assert sorted(library.desk.ran) == ["kept", "kept"], "a handler's, and a step's"
    assert [row["book"] for row in await postgres.fetch("select book from public.loan")] == ["kept"]


@pytest.mark.parametrize(
    "point", ["subscription.handled", pytest.param("subscription.kept", marks=pytest.mark.long)]
)
async def test_a_handler_that_dies_before_or_after_its_commit_has_worked_once(postgres, point):
    broker = shared_broker()
    with begun(postgres.config, "handle", broker.url, point) as process:
        async with Library(postgres.config) as library:
            async with asyncio.timeout(2 * PATIENCE):
                while not await subscribed(postgres):
                    await asyncio.sleep(0.05)
            async with library.sessions.begin() as session:
                await library.outbox.emit(session, BookLent(book="Emma"))
        wait = asyncio.to_thread(os.waitpid, process.pid, os.WUNTRACED)
        _, status = await asyncio.wait_for(wait, 2 * PATIENCE)
        assert os.WIFSTOPPED(status), "it ended before it came there"
        assert await reminders(postgres) == (["Emma"] if point == "subscription.kept" else [])
    for text in OVER:
        await postgres.execute(text)
    async with Library(postgres.config, Reminders, broker=broker.config()) as other:
        await until_settled(other.host, PATIENCE)
    assert await reminders(postgres) == ["Emma"]


async def subscribed(postgres) -> bool:
    row = await postgres.fetch_row("select to_regclass('hanse.subscriber') is not null as there")
    return row["there"] and bool(await postgres.fetch("select from hanse.subscriber"))
