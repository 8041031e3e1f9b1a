"""Two copies of one database are never backed up to one place."""

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from hanse import FileStoreConfig
from hanse.fleet.backup.alone import LISTEN_SECONDS, check_alone
from hanse.fleet.backup.place import Place, PlaceError
from hanse.fleet.backup.records import Complete
from hanse.kit.clock import ManualClock

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.fixture
def place(tmp_path) -> Place:
    return Place(FileStoreConfig(folder=tmp_path))


async def say(place: Place, life: int, time: datetime) -> None:
    await place.write(f"7/complete/{life:08X}.json", msgspec.json.encode(Complete(time, 1)))


async def test_who_was_silent_for_a_minute_has_ended(place):
    await say(place, 1, NOON - timedelta(seconds=61))
    async with asyncio.timeout(LISTEN_SECONDS / 2):
        await check_alone(place, ("7", 2), ManualClock(NOON))
        await check_alone(place, ("8", 1), ManualClock(NOON))
        await say(place, 2, NOON)
        await check_alone(place, ("7", 2), ManualClock(NOON))


async def test_who_goes_on_speaking_keeps_the_place(place):
    await say(place, 1, NOON)
    asked = asyncio.create_task(check_alone(place, ("7", 2), ManualClock(NOON), seconds=2))
    await asyncio.sleep(0.5)  # anywhere while it listens
    await say(place, 1, NOON + timedelta(seconds=5))
    with pytest.raises(PlaceError, match="by another fleet"):
        await asked
