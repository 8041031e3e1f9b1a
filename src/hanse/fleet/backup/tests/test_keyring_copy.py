"""The keyring in the place of the backups: as it is here, and never written over."""

import pytest

from hanse import FileStoreConfig
from hanse.fleet.backup.keyring_copy import KeyringCopy
from hanse.fleet.backup.place import Place, PlaceError
from hanse.runtime.data.personal.key_files import write_private
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


async def test_a_ring_that_is_older_takes_nothing_from_the_place_and_brings_nothing_back(
    place, tmp_path
):
    ring = Keyring.make(tmp_path / "keys")
    older = contents(ring.folder)
    ring.add(2)
    ring.destroy(1)
    newer, copy = contents(ring.folder), KeyringCopy(place, ring.folder, "7")
    await copy.follow()
    (ring.folder / "generation-2.key").unlink()
    for restored in ({}, older):
        for name, data in restored.items():
            write_private(ring.folder / name, data)
        with pytest.raises(PlaceError, match=r"lacks generation 2: copy generation-2\.key"):
            await copy.follow()
        assert await copy.read() == newer
    write_private(ring.folder / "generation-2.key", newer["generation-2.key"])
    await copy.follow()
    assert await copy.read() == newer, "what was destroyed is not copied again"


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
