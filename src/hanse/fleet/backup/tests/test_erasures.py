"""Who erases waits until the place of the backups knows it, and is told if it does not."""

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from hanse import FileStoreConfig
from hanse.fleet.backup.erasures import Erasure, until_noted
from hanse.fleet.backup.place import Place

NOW = datetime(2026, 11, 30, tzinfo=UTC)
ADA = Erasure("acme", "ada", NOW)


@pytest.fixture
def place(tmp_path):
    return Place(FileStoreConfig(folder=tmp_path / "place"))


async def note(place, *erasures, name="1"):
    await place.write(f"7/erasures/{name}.json", msgspec.json.encode(erasures))


async def test_who_waits_is_answered_when_it_is_written_down(place):
    waiting = asyncio.ensure_future(until_noted(place, "7", ADA, 30))
    await note(place, Erasure("acme", "bob", NOW))
    assert await until_noted(place, "7", ADA, 0) != ""
    assert not waiting.done()
    await note(place, ADA, name="2")
    assert await waiting == ""


async def test_one_that_came_later_will_do(place):
    await note(place, Erasure("acme", "ada", NOW + timedelta(seconds=1)))
    assert await until_noted(place, "7", ADA, 0) == ""


@pytest.mark.parametrize(
    "other",
    [
        Erasure("acme", "ada", NOW - timedelta(microseconds=1)),
        Erasure("other", "ada", NOW),
        Erasure("acme", "bob", NOW),
    ],
    ids=["an earlier one", "of another site", "of somebody else"],
)
async def test_another_is_not_it(place, other):
    await note(place, other)
    assert await until_noted(place, "7", ADA, 0) == f"It is not written down in {place} yet."


async def test_a_place_that_is_away_is_named(tmp_path):
    (tmp_path / "place").write_text("in the way")
    said = await until_noted(Place(FileStoreConfig(folder=tmp_path / "place")), "7", ADA, 0)
    assert str(tmp_path / "place") in said
