"""Objects in a folder and in S3: each there whole or not at all."""

import os
from datetime import UTC, datetime

import msgspec
import pytest

from hanse import FileStoreConfig, Secret
from hanse.fleet.backup.place import PART_BYTES, Place, PlaceError
from hanse.fleet.backup.records import Life, read_lives


@pytest.fixture
def place(config) -> Place:
    return Place(config)


async def pieces(*given: bytes):
    for one in given:
        yield one


async def test_what_goes_in_comes_out_and_goes(place):
    body = os.urandom(PART_BYTES + 17)
    await place.put("7/wal/a", pieces(body[:100], body[100:]))
    await place.write("7/wal/b", b"small")
    await place.write("8/c", b"")
    assert await place.names("7/wal") == ["7/wal/a", "7/wal/b"]
    assert await place.folders() == ["7", "8"]
    assert await place.read("7/wal/a") == body == b"".join(place.fetch("7/wal/a"))
    assert (await place.read("8/c"), await place.read("8/d")) == (b"", None)
    await place.remove("7/wal/a")
    await place.remove("7/wal/a")
    assert await place.names("7") == ["7/wal/b"]


async def test_of_what_breaks_off_nothing_is_there(place):
    async def breaking():
        yield bytes(PART_BYTES + 1)
        raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        await place.put("7/base", breaking())
    assert await place.names("7") == []


async def test_a_place_that_is_away_is_said_to_be(monkeypatch):
    monkeypatch.setattr("hanse.fleet.backup.place.RETRY_SECONDS", 0.2)
    away = FileStoreConfig(
        bucket="b", endpoint="http://127.0.0.1:9", access_key=Secret("k"), secret_key=Secret("s")
    )
    place = Place(away)
    for work in (place.write("a", b""), place.names(""), place.read("a"), place.remove("a")):
        with pytest.raises(PlaceError, match="s3://b"):
            await work


async def test_what_a_killed_writer_left_is_no_object_and_goes(tmp_path):
    place = Place(FileStoreConfig(folder=tmp_path))
    await place.write("7/wal/a", b"whole")
    (tmp_path / "7/wal/b#1").write_bytes(b"half")
    assert await place.names("7") == ["7/wal/a"]
    place.tidy("7")
    assert [one.name for one in (tmp_path / "7/wal").iterdir()] == ["a"]


async def test_one_record_that_is_damaged_takes_no_other_along(tmp_path, caplog):
    place = Place(FileStoreConfig(folder=tmp_path))
    life = Life(1, datetime(2026, 11, 29, tzinfo=UTC))
    await place.write("7/timelines/00000001.json", msgspec.json.encode(life))
    await place.write("7/timelines/00000002.json", b"")
    assert await read_lives(place, "7") == [life]
    assert "00000002.json" in caplog.text
