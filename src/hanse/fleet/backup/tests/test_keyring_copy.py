"""The keyring in the place of the backups: as it is here, and never written over."""

import stat

import pytest

from hanse import FileStoreConfig
from hanse.fleet.backup.keyring_copy import KeyringCopy
from hanse.fleet.backup.place import Place, PlaceError
from hanse.runtime.data.personal.keyring import Keyring


@pytest.fixture
def place(tmp_path) -> Place:
    return Place(FileStoreConfig(folder=tmp_path / "place"))


def contents(folder) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in folder.iterdir()}


async def test_it_follows_what_is_made_and_what_is_destroyed(place, tmp_path):
    ring, copy = Keyring.make(tmp_path / "keys"), KeyringCopy(place, tmp_path / "keys", "7")
    await copy.follow()
    assert await copy.read() == contents(ring.folder)
    ring.bind()
    ring.add(2)
    await copy.follow()
    ring.destroy(1)
    await copy.follow()
    assert await copy.read() == contents(ring.folder)
    assert not [one for one in place.folder.rglob("*") if "generation-1" in one.name]


async def test_it_comes_back_as_it_was_and_opens_the_same(place, tmp_path):
    ring = Keyring.make(tmp_path / "keys")
    await KeyringCopy(place, ring.folder, "7").follow()
    assert await KeyringCopy(place, tmp_path / "back", "7").restore() == ""
    assert contents(tmp_path / "back") == contents(ring.folder)
    assert Keyring(tmp_path / "back").token("site", "x") == ring.token("site", "x")
    assert {stat.S_IMODE(one.stat().st_mode) for one in (tmp_path / "back").iterdir()} == {0o600}


async def test_one_that_is_there_is_newer_or_anothers_and_left_alone(place, tmp_path):
    ring = Keyring.make(tmp_path / "keys")
    await KeyringCopy(place, ring.folder, "7").follow()
    ring.add(2)
    newer = contents(ring.folder)
    assert await KeyringCopy(place, ring.folder, "7").restore() == ""
    other = contents(Keyring.make(tmp_path / "other").folder)
    assert "another database" in await KeyringCopy(place, tmp_path / "other", "7").restore()
    assert (contents(ring.folder), contents(tmp_path / "other")) == (newer, other)


async def test_a_ring_that_is_lost_or_another_takes_nothing_from_the_place(place, tmp_path):
    ring = Keyring.make(tmp_path / "keys")
    copy = KeyringCopy(place, ring.folder, "7")
    await copy.follow()
    kept = contents(ring.folder)
    for one in ring.folder.iterdir():
        one.unlink()
    await copy.follow()
    assert await copy.read() == kept
    Keyring.make(ring.folder)
    with pytest.raises(PlaceError, match="another keyring"):
        await copy.follow()
    assert await copy.read() == kept


async def test_a_generation_that_a_rotation_copies_meanwhile_stays(place, tmp_path):
    ring = Keyring.make(tmp_path / "keys")
    await KeyringCopy(place, ring.folder, "7").follow()

    class Rotated(Place):
        """Somebody rotates between two looks of who follows."""

        async def names(self, below):
            ring.add(2)
            await KeyringCopy(place, ring.folder, "7").follow()
            return await super().names(below)

    await KeyringCopy(Rotated(FileStoreConfig(folder=place.folder)), ring.folder, "7").follow()
    assert await KeyringCopy(place, ring.folder, "7").read() == contents(ring.folder)
