"""The key table beside the backups: what a moment lacks the keyring for is taken from there."""

from hanse import FileStoreConfig
from hanse.fleet.backup.key_table import NAME, restore_key_table
from hanse.fleet.backup.place import Place
from hanse.runtime.data.people.tests.crm import Crm
from hanse.runtime.data.personal.key_copy import copy_of
from hanse.runtime.data.personal.rotation import rotate
from hanse.testing import World

MAIL = "ada@example.org"
KEYS = "select subject, purpose, generation, wrapped from hanse.subject_key"
PUT_BACK = """
update hanse.subject_key set generation = $3, wrapped = $4 where subject = $1 and purpose = $2
"""


async def test_a_moment_inside_of_a_rotation_is_read_as_it_was(tmp_path):
    place = Place(FileStoreConfig(folder=tmp_path))

    async def kept(database):
        await place.put(f"7/{NAME}", copy_of(database))

    async with World(Crm) as world:
        crm, database = world.get(Crm), world.database
        order = await crm.add_order(MAIL, "tea", "12")
        before = await database.fetch(KEYS)
        await rotate(database, kept)
        for row in before:  # begun, and nothing wrapped anew yet
            await database.execute(PUT_BACK, *row.values())
        url = database.upkeep.config.url.reveal()
        assert await restore_key_table(place, "7", url) == len(before)
        database.keys.forget("default", database.keys.ring.token("default", MAIL))
        assert (await crm.order(order)).email == MAIL
