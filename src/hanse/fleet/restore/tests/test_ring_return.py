"""What a restored database needs of its keyring is brought back, or it is refused beforehand."""

import shutil
import stat

import msgspec
import pytest

from hanse import FileStoreConfig
from hanse.fleet.backup.key_table import KeyCopies
from hanse.fleet.backup.place import Place
from hanse.fleet.restore.ring_return import RingReturn, needs_of, see_that_keys_live
from hanse.runtime.data.database import Database
from hanse.runtime.data.people.tests.crm import Crm
from hanse.runtime.data.personal.key_files import KeyringError, write_key
from hanse.runtime.data.personal.keyring import Keyring
from hanse.runtime.data.personal.rotation import rotate
from hanse.testing import World

NEWER = "generation-2.key"


def contents(folder) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in folder.iterdir()}


class Lost:
    """A database whose keyring was rotated, the place of its backups, and a ring of before."""

    def __init__(self, world, place: Place, number: str, older) -> None:
        self.world, self.place, self.number, self.older = world, place, number, older
        self.ring = world.database.keys.ring.folder
        self.url = world.database.upkeep.config.url.reveal()
        self.beside = place.folder / number / "keys"

    def returning(self, folder) -> RingReturn:
        return RingReturn(self.place, self.number, folder)

    async def bring(self, folder, site: str = "") -> str:
        ring, needs = self.returning(folder), await needs_of(self.url, site)
        return ring.bring(await ring.missing(needs))

    async def open(self, folder) -> str:
        """Which ring a host takes that finds it in a folder."""
        config = msgspec.structs.replace(self.world.database.upkeep.config, keys=folder)
        async with Database(config) as database:
            await database.keys.open()
            return database.keys.ring.id


@pytest.fixture
async def lost(tmp_path):
    place = Place(FileStoreConfig(folder=tmp_path / "place"))
    async with World(Crm) as world:
        await world.get(Crm).add_order("ada@example.org", "tea", "12")
        shutil.copytree(world.database.keys.ring.folder, tmp_path / "older")
        await rotate(world.database, KeyCopies(place))
        (number,) = await place.folders()
        yield Lost(world, place, number, tmp_path / "older")


async def test_a_ring_that_is_older_gets_what_it_lacks_and_nothing_more(lost):
    before = contents(lost.older)
    assert await lost.bring(lost.older) == (
        f"{lost.older} lacked {NEWER}, which was taken from {lost.place}."
    )
    assert contents(lost.older) == before | {NEWER: (lost.ring / NEWER).read_bytes()}
    assert await lost.bring(lost.older) == ""


async def test_a_ring_that_is_lost_comes_back_as_it_was(lost, tmp_path):
    assert await lost.bring(tmp_path / "back") == ""
    assert contents(tmp_path / "back") == contents(lost.ring)
    assert {stat.S_IMODE(one.stat().st_mode) for one in (tmp_path / "back").iterdir()} == {0o600}


@pytest.mark.parametrize(
    ("name", "of_site"), [(NEWER, ""), (NEWER, "default"), ("secret.key", "nobody")]
)
async def test_what_is_nowhere_is_named_and_nothing_is_changed(lost, name, of_site):
    (lost.beside / name).unlink()
    (lost.older / name).unlink(missing_ok=True)
    before = contents(lost.older)
    with pytest.raises(KeyringError, match=f"older lacks {name}.*Put it there, from a copy"):
        await lost.bring(lost.older, of_site)
    assert contents(lost.older) == before


async def test_of_a_site_its_own_keys_are_asked_after_and_no_others(lost):
    await lost.world.database.execute("update hanse.subject_key set generation = 3")
    with pytest.raises(KeyringError, match=r"lacks generation-3\.key"):
        await lost.bring(lost.ring, "default")
    assert await lost.bring(lost.ring, "other") == ""


async def test_a_ring_that_is_nowhere_at_all_is_named_too(lost, tmp_path):
    (lost.beside / "ring.json").unlink()
    ring = lost.world.database.keys.ring.id
    with pytest.raises(KeyringError, match=f"{ring}.*neither in .*back nor in .*place"):
        await lost.bring(tmp_path / "back")
    assert not (tmp_path / "back").exists()


async def test_a_key_that_opens_nothing_is_none(lost, tmp_path):
    write_key(lost.beside / NEWER, bytes(32))
    for folder in (lost.older, tmp_path / "back"):
        with pytest.raises(KeyringError, match=f"{NEWER} in .*place does not open"):
            await lost.bring(folder)
    assert await lost.bring(lost.ring) == ""


async def test_the_ring_of_another_database_is_left_alone(lost, tmp_path):
    other = contents(Keyring.make(tmp_path / "other").folder)
    with pytest.raises(KeyringError, match="of another database.*Move it away"):
        await lost.bring(tmp_path / "other")
    assert contents(tmp_path / "other") == other


async def test_who_only_looks_opens_by_what_lies_beside_and_brings_nothing(lost, tmp_path):
    needs = await needs_of(lost.url)
    other = Keyring.make(tmp_path / "other").folder
    Keyring(other).add(2)
    before = contents(lost.older), contents(other)
    for folder in (lost.older, other, tmp_path / "nowhere"):
        assert await lost.returning(folder).see(needs) == 2
    (lost.beside / NEWER).unlink()
    for folder in (lost.older, other, tmp_path / "nowhere"):
        with pytest.raises(KeyringError, match=f"lacks {NEWER}"):
            await lost.returning(folder).see(needs)
    assert await lost.returning(lost.ring).see(needs) == 2
    assert (contents(lost.older), contents(other)) == before
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("is_there", [True, False])
async def test_a_moment_before_the_first_host_takes_the_same_ring_again(lost, tmp_path, is_there):
    database, folder = lost.world.database, lost.ring if is_there else tmp_path / "back"
    await database.execute("delete from hanse.keyring")
    await database.execute("delete from hanse.subject_key")
    assert await needs_of(lost.url) is None
    await lost.returning(folder).free()
    assert await lost.open(folder) == database.keys.ring.id


ERASED = """
insert into hanse.erasure (site_id, subject, principal, begin_time, destroy_time, end_time, found)
values ('default', $1, 'nobody', $2, $2, $2, '{}')
"""
LOST = "2 persons of default had keys that this database does not know"


async def test_keys_of_a_life_that_was_given_up_are_missed_but_of_who_was_erased_since():
    async with World(Crm) as then, World(Crm) as living:
        crm, ring = then.get(Crm), living.database.keys.ring
        contact = await crm.add_contact("Ada", "ada@example.org")
        await crm.add_note(contact, "likes tea", author="auth0|17", remark="by him")
        urls = [one.database.upkeep.config.url.reveal() for one in (then, living)]

        async def see() -> None:
            await see_that_keys_live(*urls, "default", ring.folder)

        with pytest.raises(KeyringError, match=LOST):
            await see()
        await see_that_keys_live(*urls, "other", ring.folder)
        late = living.clock.now()
        for subject in (contact, ring.token("default", "auth0|17")):
            await living.database.execute(ERASED, subject, late)
        await see()  # they are erased again

        for subject in (contact, ring.token("default", "auth0|17")):
            await then.database.execute(ERASED, subject, late)
        with pytest.raises(KeyringError, match=LOST):  # they had come back by then
            await see()
        for row in await then.database.fetch("select * from hanse.subject_key"):
            await living.database.execute(
                "insert into hanse.subject_key values ($1, $2, $3, $4, $5, $6, $7)", *row.values()
            )
        await see()
