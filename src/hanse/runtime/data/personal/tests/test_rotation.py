"""A new generation: keys that live are wrapped anew, and what wrapped the dead is destroyed."""

import asyncio
from datetime import timedelta

import pytest

from hanse.kit.clock import ManualClock, SystemClock
from hanse.runtime.data.backup.key_copy import copy_of, restore
from hanse.runtime.data.database import Database
from hanse.runtime.data.personal.key_files import KeyringError, generation_path, generations_in
from hanse.runtime.data.personal.keyring import Keyring
from hanse.runtime.data.personal.keys_used import keys_to_seal
from hanse.runtime.data.personal.rotation import AT_ONCE, EVERY, is_due, rotate
from hanse.runtime.data.personal.tests.test_subject_keys import keep
from hanse.runtime.errors import Internal

ROWS = "select site_id, subject, purpose, mark, generation, wrapped from hanse.subject_key"
ERASED = """
insert into hanse.erasure (site_id, subject, principal, begin_time, destroy_time, found)
values ('acme', 'eve', 'nobody', $1, $1, '{}')
"""


class Beside:
    """Where backups lie."""

    def __init__(self):
        self.rings: list[tuple[int, list[int]]] = []
        self.table: list[bytes] = []

    async def keep_ring(self, database):
        row = await database.fetch_row("select generation from hanse.keyring")
        self.rings.append((row["generation"], generations_in(database.config.keys)))

    async def keep_table(self, database):
        self.table = [piece async for piece in copy_of(database)]


class Full(Beside):
    async def keep_table(self, database):
        raise OSError("no room")


@pytest.fixture
async def opened(postgres):
    postgres.clock = ManualClock(SystemClock().now())
    await postgres.keys.open()
    return postgres


async def test_who_lives_is_read_as_before_and_no_copy_of_before_is(opened):
    key = await keep(opened, "acme", "ada")
    (before,) = await opened.fetch(ROWS)
    done = await rotate(opened)
    assert (done.generation, done.rewrapped, done.destroyed) == (2, 1, (1,))
    assert generations_in(opened.config.keys) == [2]
    assert (await opened.keys.fetch("acme", ["ada"]))["ada", ""].mark == key.mark
    await opened.execute(
        "update hanse.subject_key set generation = $1, wrapped = $2",
        before["generation"],
        before["wrapped"],
    )  # as in a copy of the database
    with pytest.raises(Internal, match="lacks what keys"):
        await opened.keys.fetch("acme", ["ada"])


async def test_other_hosts_go_on_without_a_restart(opened):
    async with Database(opened.config) as other:
        await other.keys.open()
        before = await keep(other, "acme", "ada")
        await rotate(opened)
        assert (await other.keys.fetch("acme", ["ada"]))["ada", ""].mark == before.mark
        drawn = await keys_to_seal(other.keys, "acme", [("bob", "")])
        assert drawn["bob", ""].generation == 2


async def test_more_keys_than_one_step_takes_are_all_wrapped_anew(opened):
    for at in range(AT_ONCE + 7):
        await keep(opened, "acme", f"p{at}")
    assert (await rotate(opened)).rewrapped == AT_ONCE + 7
    found = await opened.keys.fetch("acme", [f"p{at}" for at in range(AT_ONCE + 7)])
    assert len(found) == AT_ONCE + 7


async def test_nothing_is_destroyed_before_the_copy_is_kept(opened):
    await keep(opened, "acme", "ada")

    with pytest.raises(OSError, match="no room"):
        await rotate(opened, Full())
    assert generations_in(opened.config.keys) == [1, 2]
    assert (await rotate(opened)).destroyed == (1, 2)
    assert await opened.keys.fetch("acme", ["ada"])


async def test_a_generation_lies_beside_backups_before_its_first_use_and_no_longer_than_here(
    opened,
):
    await keep(opened, "acme", "ada")
    beside = Beside()
    await rotate(opened, beside)
    assert beside.rings == [(1, [1, 2]), (2, [2])]


async def test_nobody_else_rotates_until_one_has_ended(opened):
    class Slow(Beside):
        async def keep_table(self, database):
            async with Database(opened.config) as other:
                await other.keys.open()
                with pytest.raises(KeyringError, match="Somebody else rotates"):
                    await rotate(other)
            await super().keep_table(database)

    await keep(opened, "acme", "ada")
    assert (await rotate(opened, Slow())).destroyed == (1,)
    assert (await rotate(opened)).destroyed == (2,)


async def test_one_that_was_broken_off_anywhere_is_done_by_the_next(opened):
    key = await keep(opened, "acme", "ada")
    Keyring(opened.config.keys).add(2)  # and killed
    assert (await rotate(opened)).generation == 2
    Keyring(opened.config.keys).add(3)
    await opened.execute("update hanse.keyring set generation = 3")  # and killed
    await opened.keys.refresh()
    await keep(opened, "acme", "bob")
    assert (await rotate(opened)).destroyed == (2, 3)
    assert (await opened.keys.fetch("acme", ["ada", "bob"]))["ada", ""].mark == key.mark


async def test_a_key_that_cannot_be_read_keeps_everything_as_it_is(opened):
    await keep(opened, "acme", "ada")
    await opened.execute("update hanse.subject_key set generation = 0")
    with pytest.raises(KeyringError, match="lacks generation 0.*nothing was destroyed"):
        await rotate(opened)
    assert 1 in generations_in(opened.config.keys)


async def test_who_inserts_a_key_meanwhile_is_waited_for(opened):
    new = opened.keys.draw("acme", "ada", "")
    held = "select from hanse.keyring where generation = $1 for share"
    async with Database(opened.config) as other:
        await other.keys.open()
        async with opened.transaction():
            assert len(await opened.fetch(held, new.generation)) == 1
            rotating = asyncio.create_task(rotate(other))
            waits = "select from pg_locks where not granted"
            async with asyncio.timeout(20):
                while not await opened.fetch(waits):
                    pass
            await keep_new(opened, new)
        assert (await rotating).rewrapped == 1
    assert len(await opened.fetch(held, new.generation)) == 0
    assert await opened.keys.fetch("acme", ["ada"])


async def keep_new(database, new):
    from hanse.runtime.data.personal.tests.test_subject_keys import INSERT

    await database.execute(INSERT, "acme", "ada", "", new.key.mark, new.generation, new.wrapped)


async def test_it_is_due_a_day_after_the_last_if_somebody_was_erased_since(opened):
    now = opened.clock.now
    assert not await is_due(opened)
    await opened.execute(ERASED, now())
    assert not await is_due(opened)
    opened.clock.advance(EVERY)
    assert await is_due(opened)
    await rotate(opened)
    assert not await is_due(opened)
    opened.clock.advance(EVERY + timedelta(seconds=1))
    assert not await is_due(opened)


async def test_one_that_was_broken_off_is_due_until_it_has_destroyed_all_it_should(opened):
    with pytest.raises(OSError, match="no room"):
        await rotate(opened, Full())
    assert await is_due(opened)
    await rotate(opened)
    assert not await is_due(opened)


async def test_a_copy_of_the_key_table_forgets_who_was_erased_and_gives_back_the_others(opened):
    key = await keep(opened, "acme", "ada")
    await keep(opened, "acme", "eve")
    before = await opened.fetch(ROWS)  # as a base backup has it
    await opened.execute("delete from hanse.subject_key where subject = 'eve'")
    beside = Beside()
    await rotate(opened, beside)
    await put_back(opened, before)
    await opened.execute("update hanse.keyring set generation = 1")
    assert await restore(opened, lines_of(beside.table)) == 1
    await opened.keys.refresh()
    found = await opened.keys.fetch("acme", ["ada", "eve"])
    assert {name: one.mark for name, one in found.items()} == {("ada", ""): key.mark}


async def test_a_moment_inside_of_a_rotation_gets_what_was_not_wrapped_anew_yet(opened):
    ada, bob = await keep(opened, "acme", "ada"), await keep(opened, "acme", "bob")
    await keep(opened, "acme", "eve")
    before = await opened.fetch(ROWS)
    await opened.execute("delete from hanse.subject_key where subject = 'eve'")
    beside = Beside()
    await rotate(opened, beside)
    await put_back(opened, [row for row in before if row["subject"] != "bob"])
    later = await keep(opened, "acme", "carl")
    assert await restore(opened, lines_of(beside.table)) == 1
    found = await opened.keys.fetch("acme", ["ada", "bob", "carl", "eve"])
    assert {name: one.mark for (name, _), one in found.items()} == {
        "ada": ada.mark,
        "bob": bob.mark,
        "carl": later.mark,
    }


async def put_back(database, rows):
    """As an older moment has them."""
    for row in rows:
        await database.execute(
            "delete from hanse.subject_key where site_id = $1 and subject = $2 and purpose = $3",
            *(row["site_id"], row["subject"], row["purpose"]),
        )
        await database.execute(
            "insert into hanse.subject_key (site_id, subject, purpose, mark, generation, wrapped)"
            " values ($1, $2, $3, $4, $5, $6)",
            *row.values(),
        )


async def lines_of(copy):
    for line in b"".join(copy).splitlines():
        yield line


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{}", "no copy of a key table"),
        (b'{"ring":"x","generation":1,"time":"2026-01-01T00:00:00Z"}', "of another database"),
        (b'{"ring":"x","generation":1,"time":"2026-01-01T00:00:00Z","version":2}', "version 2"),
        (None, "is empty"),
    ],
)
async def test_what_is_no_copy_of_these_keys_changes_nothing(opened, line, said):
    await keep(opened, "acme", "ada")

    async def lines():
        if line is not None:
            yield line

    with pytest.raises(KeyringError, match=said):
        await restore(opened, lines())
    assert len(await opened.fetch(ROWS)) == 1


def test_a_destroyed_generation_is_on_no_disk(tmp_path):
    ring = Keyring.make(tmp_path / "keys")
    path = generation_path(ring.folder, 1)
    key = path.read_bytes()
    link = tmp_path / "link"
    link.hardlink_to(path)  # what a disk that writes in place would still have
    ring.destroy(1)
    assert not path.exists()
    assert key not in link.read_bytes()
