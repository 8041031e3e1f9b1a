"""The files in the place of the backups: all that there are, none that was deleted, none lost by a loss."""

import asyncio
import contextlib
import hashlib
import itertools
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import msgspec
import pytest

from hanse import File, FileStoreConfig, Secret
from hanse.fleet.backup.erasures import APART
from hanse.fleet.backup.files.copies import names_there
from hanse.fleet.backup.files.kept_files import KeptFiles
from hanse.fleet.backup.files.mirror import FileMirror
from hanse.fleet.backup.place import Place, PlaceError
from hanse.fleet.backup.records import Complete
from hanse.fleet.backup.report import Problems
from hanse.fleet.backup.source import Source, SourceAway
from hanse.fleet.restore.file_return import Wanted, bring, check_free, give_up, move_aside
from hanse.kit.clock import ManualClock
from hanse.runtime.data.database import Database
from hanse.runtime.data.files.file_rows import FileRows, id_of
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

    def __init__(self, database, url, config, place) -> None:
        self.database = database
        self.rows = FileRows(database)
        self.config = config
        self.store = FileStore(config)
        self.kept = KeptFiles(config)
        self.place = place
        self.source = Source(url)
        self.problems = Problems()
        self.clock = ManualClock(NOON)
        database.clock = self.clock
        self.mirror = self.new_mirror()

    def new_mirror(self) -> FileMirror:
        return FileMirror(
            self.place, self.kept, "7", self.source, problems=self.problems, clock=self.clock
        )

    async def keep(self, text: str) -> str:
        async def pieces():
            yield text.encode()

        uuid = uuid4()
        await self.rows.begin("acme", uuid)
        await self.store.put("acme", uuid, pieces())
        self.last = uuid
        return path("acme", uuid)

    async def keep_whole(self, text: str) -> str:
        """A file as a host keeps one, to the end."""
        name = await self.keep(text)
        digest = hashlib.sha256(text.encode()).hexdigest()
        file = File(
            id=id_of(self.last), name="a", size=len(text), media_type="text/plain", sha256=digest
        )
        assert await self.rows.complete("acme", file)
        return name

    async def lose(self) -> None:
        """Somebody clears the store; the database knows nothing of it."""
        for name in await self.kept.names():
            await Place(self.config).remove(name)

    async def delete(self, uuid) -> None:
        await self.store.delete("acme", uuid)
        await self.rows.forget("acme", uuid)

    async def look(self) -> set[str]:
        await self.mirror.look(KEEP)
        return await names_there(self.place, "7")


@pytest.fixture
async def world(server, config, tmp_path):
    """With a folder of files, and with a bucket of them."""
    url = await server.create()
    async with Database(server.config(url)) as database:
        await make_tables(database)
        place = Place(FileStoreConfig(folder=tmp_path / "place"))
        world = World(database, url, config, place)
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
    await world.lose()
    assert await world.look() == kept
    assert any(f"2 files are missing in {world.kept}" in said for said in world.problems.all())


async def test_what_is_new_is_asked_for_between_two_looks_at_all_names(world):
    first = await world.keep_whole("first")
    assert await world.look() == {first}
    world.clock.advance(60)
    second = await world.keep_whole("second")
    half = await world.keep("half")
    await world.mirror.ask()
    assert await names_there(world.place, "7") == {first, second}
    assert world.mirror.until == world.clock.now()
    assert await world.look() == {first, second, half}


async def test_of_the_new_ones_none_is_missed_whose_host_has_a_slow_clock(world):
    world.clock.advance(APART.total_seconds())
    await world.look()
    world.database.clock = ManualClock(NOON)
    first = await world.keep_whole("first")
    await world.mirror.ask()
    assert await names_there(world.place, "7") == {first}


async def test_while_files_cannot_be_reached_nothing_is_taken_for_deleted(world):
    kept = {await world.keep("first")}
    await world.look()
    away = FileStoreConfig(
        bucket="b", endpoint="http://127.0.0.1:9", access_key=Secret("k"), secret_key=Secret("s")
    )
    world.kept = KeptFiles(away)
    again = world.new_mirror()
    with pytest.raises(PlaceError, match="Files cannot be reached in s3://b"):
        await again.look(KEEP)
    assert await names_there(world.place, "7") == kept
    assert again.until is None


async def test_while_the_database_is_away_nothing_is_taken_for_deleted(world):
    kept = {await world.keep("first")}
    await world.look()
    await world.delete(world.last)
    world.mirror._source = Source("postgresql://hanse@/none?host=/nowhere")
    with pytest.raises(SourceAway):
        await world.mirror.look(KEEP)
    assert await names_there(world.place, "7") == kept


async def test_what_is_half_written_or_not_ours_is_no_file(world):
    whole = await world.keep("first")
    await Place(world.config).write("notes.txt", b"not ours")
    if world.kept.folder:
        (world.kept.folder / f"{whole}#1").write_bytes(b"half")
    assert await world.look() == {whole}


async def test_whoever_waits_for_a_moment_gets_every_file_of_it(world):
    running = asyncio.create_task(world.mirror.run(KEEP))
    kept = await world.keep_whole("first")
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


async def test_files_come_back_and_what_nobody_knows_is_moved_aside(world):
    first, second = await world.keep("first"), await world.keep("second")
    await world.look()
    await Place(world.config).remove(first)
    wanted = Wanted(frozenset({first}), frozenset({first}), 0, frozenset({second}))
    await bring(world.place, "7", wanted, world.kept)
    assert await move_aside(wanted, world.kept, "before-noon") == 1
    assert await world.kept.names() == {first}
    there = Place(world.config)
    assert (await there.read(first), await there.read(second)) == (b"first", None)
    assert await there.read(f"before-noon/{second}") == b"second"
    assert await world.look() == {first, second}, "what lies aside is copied under no name"


async def test_a_bucket_on_which_another_fleet_lives_is_left_to_it(world):
    note = Complete(NOON, 1)
    await world.place.write("7/complete/00000001.json", msgspec.json.encode(note))
    living = asyncio.create_task(_go_on(world, note))
    try:
        if world.kept.folder:
            await check_free(world.place, "7", world.kept, world.clock)
        else:
            with pytest.raises(PlaceError, match="by another fleet"):
                await check_free(world.place, "7", world.kept, world.clock, seconds=0.3)
    finally:
        living.cancel()


async def _go_on(world, note) -> None:
    """As a fleet does that lives."""
    for number in itertools.count(2):
        await world.place.write(
            "7/complete/00000001.json", msgspec.json.encode(Complete(note.time, number))
        )
