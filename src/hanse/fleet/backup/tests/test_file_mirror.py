"""The files in the place of the backups: all that there are, none that was deleted, none lost by a loss."""

import asyncio
import contextlib
import shutil
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from hanse import FileStoreConfig
from hanse.fleet.backup.file_mirror import FileMirror, names_there
from hanse.fleet.backup.place import Place
from hanse.fleet.backup.report import Problems
from hanse.fleet.backup.source import Source, SourceAway
from hanse.fleet.restore.file_return import Wanted, bring, give_up, move_aside
from hanse.kit.clock import ManualClock
from hanse.runtime.data.database import Database
from hanse.runtime.data.files.file_rows import FileRows
from hanse.runtime.data.files.store import FileStore
from hanse.runtime.data.files.store import path_of as path
from hanse.runtime.data.files.tables import make_tables
from hanse.testing import PostgresServer

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
KEEP = timedelta(days=14)


@pytest.fixture(scope="module")
def server():
    with PostgresServer() as server:
        yield server


class World:
    """A store of files, its database, and its mirror."""

    def __init__(self, database, url, folder) -> None:
        self.rows = FileRows(database)
        self.folder = folder / "files"
        self.store = FileStore(FileStoreConfig(folder=self.folder))
        self.place = Place(FileStoreConfig(folder=folder / "place"))
        self.source = Source(url)
        self.problems = Problems()
        self.clock = ManualClock(NOON)
        self.mirror = self.new_mirror()

    def new_mirror(self) -> FileMirror:
        return FileMirror(
            self.place, self.folder, "7", self.source, problems=self.problems, clock=self.clock
        )

    async def keep(self, text: str) -> str:
        async def pieces():
            yield text.encode()

        uuid = uuid4()
        await self.rows.begin("acme", uuid)
        await self.store.put("acme", uuid, pieces())
        self.last = uuid
        return path("acme", uuid)

    async def delete(self, uuid) -> None:
        await self.store.delete("acme", uuid)
        await self.rows.forget("acme", uuid)

    async def look(self) -> set[str]:
        await self.mirror.look(KEEP)
        return await names_there(self.place, "7")


@pytest.fixture
async def world(server, tmp_path):
    url = await server.create()
    async with Database(server.config(url)) as database:
        await make_tables(database)
        world = World(database, url, tmp_path)
        yield world
        await world.source.close()


async def test_what_is_kept_is_there_and_what_is_deleted_is_not(world):
    first = await world.keep("first")
    uuid = world.last
    second = await world.keep("second")
    assert await world.look() == {first, second}
    assert await world.place.read(f"7/files/{second}") == b"second"
    await world.delete(uuid)
    assert await world.look() == {second}
    world.mirror = world.new_mirror()
    await world.delete(world.last)
    assert await world.look() == set(), "also what was deleted while nobody looked"


async def test_who_loses_the_folder_has_deleted_nothing(world):
    kept = {await world.keep("first"), await world.keep("second")}
    assert await world.look() == kept
    shutil.rmtree(world.folder)
    assert await world.look() == kept
    assert any("2 files are missing" in said for said in world.problems.all())


async def test_while_the_database_is_away_nothing_is_taken_for_deleted(world):
    kept = {await world.keep("first")}
    await world.look()
    await world.delete(world.last)
    world.mirror._source = Source("postgresql://hanse@/none?host=/nowhere")
    with pytest.raises(SourceAway):
        await world.mirror.look(KEEP)
    assert await names_there(world.place, "7") == kept


async def test_what_is_half_written_is_no_file(world):
    whole = await world.keep("first")
    (world.folder / f"{whole}#1").write_bytes(b"half")
    (world.folder / "notes.txt").write_bytes(b"not ours")
    assert await world.look() == {whole}


async def test_whoever_waits_for_a_moment_gets_every_file_of_it(world):
    running = asyncio.create_task(world.mirror.run(KEEP))
    kept = await world.keep("first")
    world.clock.advance(1)
    async with asyncio.timeout(30):
        await world.mirror.after(world.clock.now())
    assert await names_there(world.place, "7") == {kept}
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def test_what_a_restore_gave_up_stays_as_long_as_any_moment(world):
    first, second = await world.keep("first"), await world.keep("second")
    await world.look()
    await world.delete(world.last)  # a database of before, in which there is no second
    wanted = Wanted(frozenset({first}), frozenset({first}), 0, frozenset({second}))
    await give_up(world.place, "7", wanted, world.clock)
    assert await world.look() == {first, second}
    world.clock.advance(KEEP + timedelta(seconds=1))
    assert await world.look() == {first}


async def test_files_come_back_and_what_nobody_knows_is_moved_aside(world, tmp_path):
    first, second = await world.keep("first"), await world.keep("second")
    await world.look()
    (world.folder / first).unlink()
    wanted = Wanted(frozenset({first}), frozenset({first}), 0, frozenset({second}))
    await bring(world.place, "7", wanted, world.folder)
    assert (world.folder / first).read_bytes() == b"first"
    assert move_aside(wanted, world.folder, tmp_path / "aside") == 1
    assert (tmp_path / "aside" / second).read_bytes() == b"second"
    assert not (world.folder / second).exists()
