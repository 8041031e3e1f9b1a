"""What somebody changed by hand is noticed and named, and what a release makes is not taken for it."""

from typing import Annotated

import pytest

from hanse import Entity, Index, Length, entity
from hanse.runtime.data.database import Database
from hanse.runtime.data.entity.entity import entity_of
from hanse.runtime.data.migrations.drift import drift_in
from hanse.runtime.data.migrations.migration import read_migrations
from hanse.runtime.data.migrations.run import Migrations
from hanse.runtime.data.rows.store import migrations_folder
from hanse.runtime.data.rows.tests.hall.seats import Hall, Seats
from hanse.runtime.data.table.indexing import make_indexes
from hanse.runtime.data.table.table import make_table
from hanse.testing import World


@entity("venue.guests")
class Guest(Entity):
    """Of the same schema as the store."""

    name: Annotated[str, Length(1, 100)]


@entity("venue.guests", Index("name"))
class Indexed(Entity):
    """As a later release has it."""

    name: Annotated[str, Length(1, 100)]


async def arrives(config):
    async with World(Hall, provided={Database: Database(config)}) as world:
        assert world.database.ready


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("alter table venue.seat add column note text", ["has what none of its migrations made: column seat.note text"]),
        ("alter table venue.hold drop column owner", ["lacks what its migrations made: column hold.owner text"]),
        ("alter table venue.event alter parent type bigint",
            ["lacks what its migrations made: column event.parent integer", "has what none of its migrations made: column event.parent bigint"]),
        ("create index by_owner on venue.seat (site_id, owner)",
            ["has what none of its migrations made: index CREATE INDEX by_owner ON venue.seat USING btree (site_id, owner)"]),
        ("alter table venue.seat add constraint dear check (price >= 0)",
            ["has what none of its migrations made: constraint dear of seat: CHECK ((price >= (0)::numeric))"]),
        ("alter table venue.seat alter price drop default",
            ["lacks what its migrations made: column seat.price numeric not null", "has what none of its migrations made: column seat.price numeric not null"]),
        ("create type venue.kind as enum ('box', 'row')", ["has what none of its migrations made: type kind of box, row"]),
    ],
)  # fmt: skip
async def test_a_change_by_hand_is_named(postgres, change, told):
    await arrives(postgres.config)
    assert await drift_in(postgres, "venue") == []
    await postgres.execute(change)
    said = await drift_in(postgres, "venue")
    assert len(said) == len(told)
    for sentence, begin in zip(said, told, strict=True):
        assert sentence.startswith(f"venue {begin}")


async def test_a_host_says_it_when_it_arrives_and_serves(place, caplog):
    await arrives(place.config())
    await arrives(place.config())
    assert "none of its migrations" not in caplog.text
    async with Database(place.config()) as database:
        await database.execute("create index by_owner on venue.seat (site_id, owner)")
    await arrives(place.config())
    assert "venue has what none of its migrations made: index CREATE INDEX by_owner" in caplog.text
    assert "write it into a migration that finds it done" in caplog.text


async def test_what_collections_make_beside_is_no_change(postgres):
    await make_table(postgres, entity_of(Guest))
    await arrives(postgres.config)
    await postgres.execute(
        "insert into venue.guests (site_id, id, revision, create_time, update_time, shape, doc) "
        """select 'a', gen_random_uuid(), 1, now(), now(), 1, '{"name": "x"}'"""
    )
    await make_indexes(postgres, entity_of(Indexed))
    assert await drift_in(postgres, "venue") == []


async def test_after_a_migration_its_tables_are_what_it_left(postgres, tmp_path):
    await arrives(postgres.config)
    folder = migrations_folder(Seats)
    for file in folder.glob("0*.sql"):
        (tmp_path / file.name).write_text(file.read_text())
    (tmp_path / "0002_pre_note.sql").write_text("alter table seat add column note text;")
    await Migrations(read_migrations(tmp_path, "venue"), postgres.config).apply()
    assert await drift_in(postgres, "venue") == []
