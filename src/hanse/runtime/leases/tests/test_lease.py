"""One holds a name, for as long as the database says, and knows when that is over."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from hanse.kit.clock import wait_set
from hanse.runtime.data.tests.servers import PATIENCE
from hanse.runtime.leases.lease import Lease
from hanse.runtime.leases.tests import holding_process

OVER = "update hanse.lease set until_time = clock_timestamp()"
"""As if its seconds had passed."""


async def until(true) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await true():
            await wait_set(asyncio.Event(), 0.02)


def holding(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, holding_process.__file__, *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


async def test_of_many_who_ask_at_once_one_holds_it(postgres) -> None:
    leases = [Lease(postgres, "relay") for _ in range(8)]

    for epoch in (1, 2):
        took = await asyncio.gather(*(lease.take() for lease in leases))

        assert sorted(took) == [False] * 7 + [True]
        holder = leases[took.index(True)]
        assert [lease for lease in leases if lease.held] == [holder]
        assert holder.epoch == epoch
        assert await Lease(postgres, f"another{epoch}").take()
        await holder.release()
        assert not holder.held


async def test_who_waits_for_it_writes_nothing_and_is_told_when_it_is_theirs(postgres) -> None:
    looks, took = [], asyncio.Event()
    lease, other = Lease(postgres, "relay"), Lease(postgres, "relay", 1.0, took.set)
    assert await lease.take()
    assert not await other.take()  # this wrote: it locked the row
    assert await lease.renew()
    waiting = asyncio.ensure_future(other.keep(lambda: looks.append(1) or True))
    try:

        async def has_looked() -> bool:
            return len(looks) > 2

        await until(has_looked)
        row = await postgres.fetch_row("select xmax::text as locked from hanse.lease")
        assert row["locked"] == "0"
        await lease.release()
        await asyncio.wait_for(took.wait(), PATIENCE)
    finally:
        waiting.cancel()


async def test_what_ran_out_is_not_renewed_but_taken_anew(postgres) -> None:
    lease, other = Lease(postgres, "relay"), Lease(postgres, "relay")
    assert await lease.take()
    assert await lease.renew()
    assert lease.epoch == 1

    await postgres.execute(OVER)

    assert not await lease.renew()
    assert not lease.held
    assert await lease.take()
    assert lease.epoch == 2
    await postgres.execute(OVER)
    assert await other.take()
    assert other.epoch == 3
    assert not await lease.renew()
    assert not await lease.take()
    assert not lease.held
    await lease.release()  # gives back what is its own alone
    assert await other.renew()


async def test_what_another_clock_gave_for_longer_than_it_lasts_is_free(postgres) -> None:
    lost, other = Lease(postgres, "relay"), Lease(postgres, "relay")
    assert await lost.take()
    ahead = "update hanse.lease set until_time = clock_timestamp() + make_interval(secs => $1)"

    await postgres.execute(ahead, 18.0)
    assert not await other.take()
    await postgres.execute(ahead, 3600.0)
    assert await other.take()

    assert other.epoch == 2
    assert not await lost.renew()


async def test_who_was_stopped_meanwhile_knows_that_it_is_over(postgres) -> None:
    with holding(postgres.config.url.reveal(), "relay", "2") as process:
        try:
            assert process.stdout.readline() == "True\n"
            process.stdin.write("?\n")
            process.stdin.flush()
            assert process.stdout.readline() == "True True\n"
            os.kill(process.pid, signal.SIGSTOP)
            other = Lease(postgres, "relay", 2.0)

            await until(other.take)

            assert other.epoch == 2
            process.stdin.write("?\n")
            process.stdin.flush()
            os.kill(process.pid, signal.SIGCONT)
            assert process.stdout.readline() == "False False\n"
        finally:
            process.kill()


async def test_who_keeps_it_takes_it_again_and_gives_it_back_at_its_end(postgres) -> None:
    lease = Lease(postgres, "relay", 0.6)
    wanted = [True]
    kept = asyncio.create_task(lease.keep(lambda: wanted[0]))
    await lease.until_held()
    assert lease.epoch == 1

    await postgres.execute("update hanse.lease set holder = 'other', epoch = epoch + 1")

    async with asyncio.timeout(PATIENCE):
        while lease.epoch < 3:
            await wait_set(asyncio.Event(), 0.02)
        await lease.until_held()
    other = Lease(postgres, "relay")
    wanted[0] = False
    await until(other.take)
    await other.release()
    wanted[0] = True
    await lease.until_held()
    kept.cancel()
    with pytest.raises(asyncio.CancelledError):
        await kept
    assert not lease.held
    row = await postgres.fetch_row("select until_time < clock_timestamp() from hanse.lease")
    assert row[0]
