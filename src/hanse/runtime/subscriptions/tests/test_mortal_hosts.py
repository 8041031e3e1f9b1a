"""Hosts are killed, or stopped and woken, between an event and its effect: it happens once, in order."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import asynccontextmanager

import pytest

from hanse.runtime.data.tests.servers import PATIENCE
from hanse.runtime.subscriptions.tests import tally_host
from hanse.runtime.subscriptions.tests.tally_host import Tally, Teller
from hanse.testing.events.settled import until_settled
from hanse.testing.servers.nats_server import shared_broker

OVER = (
    "update hanse.lease set until_time = clock_timestamp()",
    "update hanse.subscriber set until_time = clock_timestamp()",
)
"""As if their seconds had passed."""

QUIET = [("a", "1"), ("a", "2"), ("a", "3")]
"""Of one key, so that a host that stands still has no transaction open beside."""

WORDS = [("a", "1"), ("b", "1"), ("b", "bad"), ("a", "2"), ("b", "2"), ("a", "3"), ("c", "1")]


class Ground:
    """A database with a table, and hosts that write into it."""

    def __init__(self, database) -> None:
        self.database = database
        self.where = database.config.url.reveal(), str(database.config.keys), shared_broker().url

    @asynccontextmanager
    async def stopped(self, point: str, nth: int, words: list[tuple[str, str]]):
        """A host that was told all words and stands still at a point."""
        command = [sys.executable, tally_host.__file__, *self.where, point, str(nth)]
        process = begun(command)
        try:
            await self.until("select count(*) > 0 from hanse.subscriber")
            async with tally_host.tally_host(*self.where, Teller) as host:
                for box, word in words:
                    await host.get(Teller).tell(box, word)
                _, status = await asyncio.wait_for(
                    asyncio.to_thread(os.waitpid, process.pid, os.WUNTRACED), PATIENCE
                )
            assert os.WIFSTOPPED(status), "it ended before it came there"
            yield process
        finally:
            process.kill()
            process.wait()

    async def go_on(self) -> None:
        """What another host makes of it."""
        for text in OVER:
            await self.database.execute(text)
        async with tally_host.tally_host(*self.where, Tally) as host:
            await until_settled(host, PATIENCE)

    async def until(self, text: str) -> None:
        async with asyncio.timeout(PATIENCE):
            while True:
                there = await self.database.fetch(
                    "select to_regclass('hanse.subscriber') is not null as there"
                )
                if there[0]["there"] and (await self.database.fetch(text))[0][0]:
                    return
                await asyncio.sleep(0.05)

    async def counted(self) -> dict[str, list[str]]:
        rows = await self.database.fetch("select box, word from desk.note order by n")
        return {
            row["box"]: [one["word"] for one in rows if one["box"] == row["box"]] for row in rows
        }

    async def check(self) -> None:
        """Each word was counted once, in the order of its box; what follows the bad one waits."""
        assert await self.counted() == {"a": ["1", "2", "3"], "b": ["1"], "c": ["1"]}
        rows = await self.database.fetch("select attempt from hanse.parked order by stream_seq")
        assert [row["attempt"] for row in rows] == [1, 0]


def begun(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command)


@pytest.fixture
async def ground(postgres):
    await postgres.execute("create schema desk")
    await postgres.execute(
        "create table desk.note (n bigint generated always as identity, site_id text, box text, "
        "word text)"
    )
    return Ground(postgres)


@pytest.mark.parametrize(
    ("point", "nth"),
    [
        ("subscription.handled", 2),
        pytest.param("subscription.kept", 2, marks=pytest.mark.long),
        ("subscription.parked", 1),
    ],
)
async def test_what_a_killed_host_began_another_ends(ground, point, nth) -> None:
    async with ground.stopped(point, nth, WORDS) as process:
        process.kill()
        process.wait()
        await ground.go_on()
    await ground.check()


async def test_who_wakes_when_another_has_gone_on_writes_nothing(ground) -> None:
    async with ground.stopped("subscription.kept", 1, QUIET) as process:
        await ground.go_on()
        before = await ground.database.fetch("select partition, position from hanse.delivery")
        process.send_signal(signal.SIGCONT)
        # It finds that its partitions are free by now, takes them anew, and has nothing to do.
        await ground.until("select count(*) = 64 from hanse.delivery where holder is not null")
        assert await ground.counted() == {"a": ["1", "2", "3"]}
        after = await ground.database.fetch("select partition, position from hanse.delivery")
        assert all(
            new["position"] >= old["position"] for old, new in zip(before, after, strict=True)
        )
