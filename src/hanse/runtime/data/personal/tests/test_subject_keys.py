"""The keys of persons: wrapped in the database, remembered by hosts, of one keyring."""

import shutil

import pytest
from msgspec.structs import replace

from hanse.runtime.data.database import Database
from hanse.runtime.data.personal.key_files import KeyringError

INSERT = """
insert into hanse.subject_key (site_id, subject, purpose, mark, generation, wrapped)
values ($1, $2, $3, $4, $5, $6)
"""


async def keep(database, site, subject, purpose=""):
    new = database.keys.draw(site, subject, purpose)
    await database.execute(
        INSERT, site, subject, purpose, new.key.mark, new.generation, new.wrapped
    )
    return new.key


@pytest.fixture
async def opened(postgres):
    await postgres.keys.open()
    return postgres


async def test_a_key_that_is_kept_is_fetched_by_another_host_and_opens(opened):
    key = await keep(opened, "acme", "ada")
    kept = await keep(opened, "acme", "ada", "kept")
    async with Database(opened.config) as other:
        await other.keys.open()
        assert other.keys.cached("acme", "ada") is None
        found = await other.keys.fetch("acme", ["ada", "eve"])
        assert {name: one.mark for name, one in found.items()} == {
            ("ada", ""): key.mark,
            ("ada", "kept"): kept.mark,
        }
        cached = other.keys.cached("acme", "ada", "kept")
        assert cached.open(kept.seal(b"text", b"here"), b"here") == b"text"
        other.keys.forget("acme", "ada")
        assert other.keys.cached("acme", "ada", "kept") is None


async def test_a_key_of_another_site_is_not_found(opened):
    await keep(opened, "acme", "ada")
    assert await opened.keys.fetch("other", ["ada"]) == {}
    assert opened.keys.cached("other", "ada") is None


async def test_a_wrapped_key_that_was_moved_to_another_row_is_refused(opened):
    await keep(opened, "acme", "ada")
    await opened.execute("update hanse.subject_key set subject = 'eve'")
    with pytest.raises(Exception, match="not of this keyring"):
        await opened.keys.fetch("acme", ["eve"])


async def test_a_destroyed_key_is_forgotten_when_it_is_asked_for_again(opened):
    await keep(opened, "acme", "ada")
    await opened.keys.fetch("acme", ["ada"])
    await opened.execute("delete from hanse.subject_key")
    assert await opened.keys.fetch("acme", ["ada"]) == {}
    assert opened.keys.cached("acme", "ada") is None


async def test_the_table_holds_no_key_in_clear(opened):
    from hanse.runtime.data.personal.key_files import KEY_BYTES

    new = opened.keys.draw("acme", "ada", "")
    ring = opened.keys.ring
    from hanse.runtime.data.personal.subject_keys import bound_of

    key = ring.unwrap(new.wrapped, bound_of("acme", "ada", ""), new.generation)
    assert len(key) == KEY_BYTES
    assert key not in new.wrapped


async def test_a_host_of_the_same_database_takes_the_same_ring(opened):
    async with Database(opened.config) as other:
        await other.keys.open()
        assert other.keys.ring.id == opened.keys.ring.id


async def test_without_a_folder_it_is_said_what_to_write(opened):
    async with Database(replace(opened.config, keys=None)) as other:
        with pytest.raises(KeyringError, match=r"\[keys\] folder"):
            await other.keys.open()


async def test_a_folder_that_lost_its_keys_is_said_and_nothing_new_is_made(opened):
    folder = opened.config.keys
    shutil.rmtree(folder)
    async with Database(opened.config) as other:
        with pytest.raises(KeyringError, match="is not there"):
            await other.keys.open()
    assert not folder.exists()


async def test_an_empty_folder_gets_no_second_ring(opened, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir(mode=0o700)
    async with Database(replace(opened.config, keys=empty)) as other:
        with pytest.raises(KeyringError, match="from another host of this database"):
            await other.keys.open()
    assert list(empty.iterdir()) == []


async def test_the_ring_of_one_database_is_refused_by_another(opened, servers):
    server = servers.server("18")
    url = await server.create()
    config = replace(server.config(url), keys=opened.config.keys)
    async with Database(config) as other:
        with pytest.raises(KeyringError, match="belongs to another database"):
            await other.keys.open()
    server.drop(url)


async def test_who_was_killed_between_making_and_taking_a_ring_goes_on(servers):
    from hanse.runtime.data.personal.keyring import Keyring

    server = servers.server("18")
    url = await server.create()
    config = server.config(url)
    made = Keyring.make(config.keys)
    async with Database(config) as database:
        await database.keys.open()
        assert database.keys.ring.id == made.id
        assert Keyring(config.keys).bound
    server.drop(url)


async def test_hosts_that_begin_at_once_have_one_ring(servers):
    import asyncio
    from contextlib import AsyncExitStack

    server = servers.server("18")
    url = await server.create()
    async with AsyncExitStack() as stack:
        hosts = [await stack.enter_async_context(Database(server.config(url))) for _ in range(4)]
        await asyncio.gather(*(host.keys.open() for host in hosts))
        assert len({host.keys.ring.id for host in hosts}) == 1
    server.drop(url)


async def test_a_generation_that_another_host_began_is_used_from_the_next_look_on(opened):
    async with Database(opened.config) as other:
        await other.keys.open()
        opened.keys.ring.add(2)
        await opened.execute("update hanse.keyring set generation = 2")
        assert other.keys.draw("acme", "ada", "").generation == 1
        await other.keys.refresh()
        assert other.keys.draw("acme", "ada", "").generation == 2
        key = await keep(other, "acme", "ada")
        assert (await opened.keys.fetch("acme", ["ada"]))["ada", ""].mark == key.mark
