"""What receives is killed, or the database gives up waiting for it: nothing is lost, or a new base says so."""

import asyncio
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import asyncpg
import psutil
import pytest

from tests.end_to_end.backed_up import Shop, now, shop
from tests.end_to_end.fleet import until
from tests.faults.surroundings import fill, small_disk, write_ahead

DROP = """
do $$ begin
  perform pg_terminate_backend(active_pid) from pg_replication_slots where active;
  perform pg_sleep(0.02);
  perform pg_drop_replication_slot('hanse_backup');
end $$
"""


def receivers(made: Shop) -> list[psutil.Process]:
    return [one for one in made.fleet.running() if one.name() == "pg_receivewal"]


async def drop_slot(made: Shop) -> None:
    """As the database does when half a gigabyte waits for whoever receives."""
    folder = made.folder / ".hanse/up/postgres"
    session = await asyncpg.connect(f"postgresql://hanse@/postgres?host={folder}&port=5432")
    until_dropped = time.monotonic() + 30
    try:
        while time.monotonic() < until_dropped:
            with suppress(asyncpg.PostgresError):
                await session.execute(DROP)
                return
        raise AssertionError("somebody holds the slot all the time")
    finally:
        session.terminate()


@pytest.mark.long
def test_kills(tmp_path: Path) -> None:
    with shop(tmp_path) as made:
        made.fleet.up()
        made.until_base()
        with made.selling(sellers=2):
            for _ in range(4):
                for one in until(lambda: receivers(made), "a receiver"):
                    with suppress(psutil.NoSuchProcess):
                        os.kill(one.pid, signal.SIGKILL)
                time.sleep(0.3)  # anywhere in what it does next
        made.until_complete(now())
        made.lose()
        restored = made.fleet.hanse("restore")
        assert not restored["broken"]
        made.fleet.up()
        assert made.known_by(now()) <= made.sold()


@pytest.mark.long
def test_gap(tmp_path: Path) -> None:
    with shop(tmp_path) as made:
        made.fleet.up()
        made.until_base()
        made.sell("before")
        made.until_complete(now())
        first = made.base()["name"]
        asyncio.run(drop_slot(made))
        made.sell("after")
        until(lambda: made.base()["name"] != first, "a new base")
        made.until_complete(now())
        assert not (made.folder / ".hanse/up/backup/gap").exists()
        made.lose()
        made.fleet.hanse("restore")
        made.fleet.up()
        assert made.sold() == {"before", "after"}


@pytest.mark.long
@pytest.mark.root("mounts a small disk")
def test_full(tmp_path: Path) -> None:
    with small_disk(tmp_path / "backups", 150), shop(tmp_path) as made:
        made.fleet.up()
        made.until_base()
        ballast = made.place / "ballast"
        fill(ballast)
        for number in range(4):  # more than a segment of the log
            write_ahead(made.fleet)
            made.sell(f"{number}")
        until(lambda: any("in danger" in one for one in made.fleet.status()["notes"]), "a warning")
        assert "No base could be taken" in made.refused("backup")
        ballast.unlink()
        made.until_complete(now())
        made.fleet.hanse("backup")
        assert not any("in danger" in one for one in made.fleet.status()["notes"])
        made.lose()
        restored = made.fleet.hanse("restore")
        assert not restored["broken"]
        made.fleet.up()
        assert made.sold() == {f"{number}" for number in range(4)}
