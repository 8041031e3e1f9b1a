"""The database is made once, whole or not at all, comes back after anything, and lets nobody else in."""

import asyncio
import os
import shutil
import signal
import struct
import tempfile
from pathlib import Path

import psutil
import pytest

from hanse.fleet.engine.care import Care
from hanse.fleet.engine.postgres import Postgres
from hanse.fleet.engine.process_table import start_of
from hanse.fleet.engine.silence import Patience
from hanse.fleet.engine.supervision import Supervision
from hanse.fleet.engine.tests.waiting import until
from hanse.fleet.state import StateError, StateFolder
from hanse.kit.environment import variables
from hanse.runtime.config.installed import NotInstalled, find_postgres

pytestmark = pytest.mark.skipif(
    os.geteuid() == 0, reason="PostgreSQL refuses root; test_privileges runs these as nobody"
)


async def within(work, seconds: float = 60.0):
    return await asyncio.wait_for(work, seconds)


async def ask(state: StateFolder, query: str) -> str:
    """The answer of psql, which wants the whole path of a socket's folder, and a short one."""
    with tempfile.TemporaryDirectory(dir="/tmp") as short:
        link = Path(short) / "s"
        link.symlink_to(state.postgres.resolve())
        process = await asyncio.create_subprocess_exec(
            str(find_postgres().folder / "psql"), "-XAtq", "-h", str(link), "-U", "hanse", "-d", "postgres", "-c", query,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        return (await process.communicate())[0].decode().strip()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database as it is made, for all tests that only use one."""
    state = StateFolder(tmp_path_factory.mktemp("made"))
    state.prepare()
    postgres = Postgres(state, variables())
    asyncio.run(postgres.prepare())
    return postgres.data


@pytest.fixture
async def running(state: StateFolder, made: Path):
    postgres = Postgres(state, variables())
    shutil.copytree(made, postgres.data)
    kept = postgres.supervision()
    kept.start()
    await within(kept.until("ready", "backing off"))
    assert kept.stage == "ready", kept.last_words
    yield kept
    await within(kept.stop())


async def test_it_is_reached_by_its_socket_alone_and_only_by_its_user(state: StateFolder, running):
    assert (state.postgres / ".s.PGSQL.5432").stat().st_mode & 0o777 == 0o700
    assert (state.postgres / "18").stat().st_mode & 0o777 == 0o700
    assert not psutil.Process(running.pid).net_connections("inet")
    assert await ask(state, "show data_checksums") == "on"
    assert await ask(state, "show server_encoding") == "UTF8"
    assert (
        await ask(state, "select datcollate, datlocale from pg_database where datname = 'postgres'")
        == "C|C.UTF-8"
    )
    assert (
        await ask(
            state,
            "select count(*) from pg_hba_file_rules where type <> 'local' and auth_method <> 'reject'",
        )
        == "0"
    )


async def _guest(postgres: Postgres) -> asyncio.StreamWriter:
    """Somebody who is let in, and stays."""
    reader, writer = await asyncio.open_unix_connection(str(postgres.socket))
    words = b"user\0hanse\0database\0postgres\0\0"
    writer.write(struct.pack("!ii", len(words) + 8, 196_608) + words)
    await reader.readexactly(1)
    return writer


async def _until_it(answers) -> None:
    while not await answers():
        await asyncio.sleep(0.01)


async def test_what_it_writes_down_of_a_mistake_names_no_values(state: StateFolder, running):
    await ask(state, "create table person (email text unique)")
    twice = "insert into person select 'ada' || '@' || 'example.org'"
    assert await ask(state, twice) == ""
    assert "ada@example.org" in await ask(state, twice), "who asks is told"
    log = state.log("postgres").read_text()
    assert "duplicate key value" in log
    assert "ada@example.org" not in log


async def test_data_outlive_an_orderly_end(state: StateFolder, running):
    assert await ask(state, "create table kept(x int); insert into kept values (7)") == ""
    await within(running.restart())
    await within(running.until("ready"))
    assert await ask(state, "select x from kept") == "7"
    assert "database system was not properly shut down" not in state.log("postgres").read_text()


async def test_killed_with_everything_it_recovers_by_itself(state: StateFolder, running):
    await ask(state, "create table kept(x int)")
    for number in range(3):
        assert await ask(state, f"insert into kept values ({number})") == ""
        os.kill(running.pid, signal.SIGKILL)
        await within(running.until("backing off", "starting"))
        await within(running.until("ready"))
        assert await ask(state, "select count(*) from kept") == str(number + 1)


async def test_another_control_process_finds_it_and_leaves_it_alone(state: StateFolder, running):
    pid = running.pid
    await within(running.leave())
    again = Postgres(state, variables()).supervision()
    again.start()
    await within(again.until("ready"))
    assert (again.pid, again.adopted) == (pid, True)
    await within(again.stop())
    assert start_of(pid) is None


async def test_a_lock_whose_number_has_somebody_else_stops_nobody(state: StateFolder, running):
    os.kill(running.pid, signal.SIGKILL)
    await within(running.until("backing off"))
    await within(running.stop())
    lock = state.postgres / "18" / "postmaster.pid"
    stranger = await asyncio.create_subprocess_exec("/bin/sleep", "600")
    lock.write_text(f"{stranger.pid}\n" + lock.read_text().partition("\n")[2])
    again = Postgres(state, variables()).supervision()
    again.start()
    await within(again.until("ready"))
    assert again.restarts == 0 or "already exists" not in state.log("postgres").read_text()
    assert stranger.returncode is None
    stranger.kill()
    await stranger.wait()
    await within(again.stop())


async def test_a_lock_that_a_full_disk_left_empty_stops_nobody(state: StateFolder, running):
    os.kill(running.pid, signal.SIGKILL)
    await within(running.until("backing off"))
    await within(running.stop())
    (state.postgres / "18" / "postmaster.pid").write_text("")
    again = Postgres(state, variables()).supervision()
    again.start()
    await within(again.until("ready", "backing off"))
    assert again.stage == "ready", again.last_words
    await within(again.stop())


async def test_one_that_nobody_recorded_is_not_joined_by_a_second(state: StateFolder, running):
    state.record("postgres").unlink()
    with pytest.raises(StateError, match=f"process {running.pid}.*kill -INT {running.pid}"):
        await Postgres(state, variables()).prepare()


async def test_killed_while_it_is_made_it_is_made_anew(state: StateFolder):
    making = asyncio.create_task(Postgres(state, variables()).prepare())
    await until(lambda: list(state.postgres.glob("unfinished.*/base")))
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    (state.postgres / "unfinished.left").mkdir()  # as a killed process leaves it
    assert not (state.postgres / "18").exists()
    await within(Postgres(state, variables()).prepare())
    assert [each.name for each in state.postgres.iterdir()] == ["18"]
    kept = Postgres(state, variables()).supervision()
    kept.start()
    await within(kept.until("ready"))
    await within(kept.stop())


async def test_it_lives_while_it_has_no_room_for_more(state: StateFolder, running):
    postgres = Postgres(state, variables())
    guests = []
    while await postgres.answers():
        assert len(guests) < 600
        guests.append(await within(_guest(postgres)))
    assert await postgres.lives()
    for each in guests:
        each.close()
    await within(_until_it(postgres.answers))


async def test_while_it_recovers_it_is_given_time(state: StateFolder, running):
    """A standby that lets nobody in recovers for as long as a test wants."""
    assert await ask(state, "alter system set hot_standby = off") == ""
    await within(running.stop())
    postgres = Postgres(state, variables())
    (postgres.data / "standby.signal").touch()
    asked: list[bool] = []

    async def lives() -> bool:
        asked.append(await postgres.lives())
        return asked[-1]

    care = Care(probe=postgres.answers, lives=lives, patience=Patience(start=0.1))
    kept = Supervision(postgres.program, state, care)
    kept.start()
    await until(lambda: sum(asked) >= 5)
    (postgres.data / "promote").touch()
    os.kill(kept.pid or 0, signal.SIGUSR1)
    await within(kept.until("ready"))
    assert kept.crashes <= asked.count(False)  # before it listens it says nothing
    assert not await ask(state, "select 1 where pg_is_in_recovery()")
    await within(kept.stop())


async def test_data_of_another_version_are_refused_with_the_way_out(state: StateFolder):
    old = state.postgres / "17"
    old.mkdir()
    with pytest.raises(
        StateError, match=r"is of PostgreSQL 17, and this Hanse brings 18.*pg_dumpall.*mv .*17.old"
    ):
        await Postgres(state, variables()).prepare()
    assert [each.name for each in state.postgres.iterdir()] == ["17"]


async def test_where_a_restore_was_interrupted_nobody_begins_an_empty_one(state: StateFolder):
    (state.postgres / "restoring").touch()
    with pytest.raises(StateError, match="hanse restore was interrupted here.*Run it again"):
        await Postgres(state, variables()).prepare()
    assert not (state.postgres / "18").exists()


async def test_what_initdb_says_is_told(state: StateFolder):
    state.postgres.chmod(0o700)
    programs = find_postgres()._replace(version="18")
    broken = Postgres(
        state, {**variables(), "LC_ALL": "xx"}, programs._replace(folder=Path("/nowhere"))
    )
    with pytest.raises(OSError, match="initdb"):
        await broken.prepare()
    assert list(state.postgres.iterdir()) == []


def test_a_missing_wheel_is_told_with_the_way_out():
    from hanse.runtime.config import installed

    with pytest.raises(NotInstalled, match="hanse-no-such-thing is not installed.*pip install"):
        installed._find("hanse-no-such-thing", installed._NATS_FILE)
