"""The key table beside the backups: what a moment lacks the keyring for is taken from there."""

from hanse import FileStoreConfig
from hanse.fleet.backup.key_table import KeyCopies, restore_key_table
from hanse.fleet.backup.keyring_copy import KeyringCopy
from hanse.fleet.backup.place import Place
from hanse.runtime.data.people.tests.crm import Crm
from hanse.runtime.data.personal.rotation import rotate
from hanse.testing import World

MAIL = "ada@example.org"
KEYS = "select subject, purpose, generation, wrapped from hanse.subject_key"
PUT_BACK = """
update hanse.subject_key set generation = $3, wrapped = $4 where subject = $1 and purpose = $2
"""


async def test_a_moment_inside_of_a_rotation_is_read_as_it_was(tmp_path):
    place = Place(FileStoreConfig(folder=tmp_path))
    async with World(Crm) as world:
        crm, database = world.get(Crm), world.database
        order = await crm.add_order(MAIL, "tea", "12")
        before = await database.fetch(KEYS)
        await rotate(database, KeyCopies(place))
        for row in before:  # begun, and nothing wrapped anew yet
            await database.execute(PUT_BACK, *row.values())
        url, (number,) = database.upkeep.config.url.reveal(), await place.folders()
        assert await restore_key_table(place, number, url) == len(before)
        database.keys.forget("default", database.keys.ring.token("default", MAIL))
        assert (await crm.order(order)).email == MAIL


async def test_after_a_rotation_the_place_has_its_generation_and_no_other(tmp_path):
    place = Place(FileStoreConfig(folder=tmp_path))
    async with World(Crm) as world:
        await world.get(Crm).add_order(MAIL, "tea", "12")
        await rotate(world.database, KeyCopies(place))
        folder = world.database.keys.ring.folder
        (number,) = await place.folders()
        there = await KeyringCopy(place, folder, number).read()
        assert there == {one.name: one.read_bytes() for one in folder.iterdir()}
        assert [name for name in there if "generation" in name] == ["generation-2.key"]
