"""What a folder of migrations may hold."""

from __future__ import annotations

import pytest

from hanse.runtime.data.migrations.migration import MigrationError, read_migrations
from hanse.runtime.data.migrations.script import parts_of

SEATS = "create table seat (site_id text, number integer, primary key (site_id, number));"
INDEX = (
    "-- hanse: concurrently\ncreate index concurrently seat_owner on venue.seat (site_id, owner);"
)

WRONG = {
    "begin": ("pre", "begin; select 1;", "ends the transaction"),
    "commit behind a text": ("pre", "insert into x values ('a;b'); commit;", "ends the transaction"),
    "an index concurrently": ("pre", "create index concurrently a on b (c);", "hanse: concurrently"),
    "vacuum": ("pre", "vacuum seat;", "cannot run in a transaction"),
    "set": ("pre", "set search_path = other;", "set local"),
    "two beside a transaction": ("pre", INDEX + "select 1;", "write just one"),
    "any beside a transaction": ("pre", "-- hanse: concurrently\ndelete from seat;", "may not run"),
    "an unknown mark": ("pre", "-- hanse: later\nselect 1;", "only `concurrently`"),
    "an open text": ("pre", "select 'a", "never closed"),
    "an open comment": ("pre", "select /* /* */ 1", "never closed"),
    "an open body": ("pre", "do $x$ begin end $$;", "never closed"),
    "nothing": ("pre", "-- later", "no statement"),
    "drop table": ("pre", "DROP  TABLE seat;", "make it a post migration"),
    "drop column": ("pre", "alter table seat drop column owner;", "make it a post migration"),
    "drop column, short": ("pre", "alter table seat drop owner;", "make it a post migration"),
    "drop column among others": ("pre", "alter table seat add a integer, drop owner;", "make it a post migration"),
    "rename": ("pre", "alter table seat rename column owner to holder;", "make it a post migration"),
    "retype": ("pre", "alter table seat alter owner type integer using 1;", "make it a post migration"),
    "not null": ("pre", "alter table seat alter column owner set not null;", "make it a post migration"),
    "a column that must be given": ("pre", "alter table seat add column row text not null;", "make it a post migration"),
    "truncate": ("pre", "truncate seat;", "make it a post migration"),
    "drop behind a comment": ("pre", "/* a /* b */ */ drop -- c\n table seat;", "make it a post migration"),
}  # fmt: skip

RIGHT = {
    "a table": ("pre", SEATS),
    "a column with a default": ("pre", "alter table seat add column row text not null default '';"),
    "a column that may be null": ("pre", "alter table seat add column row text;"),
    "a rule that goes": ("pre", "alter table seat drop constraint x; alter table seat alter a drop not null;"),
    "drops afterwards": ("post", "alter table seat drop column owner; drop table hold;"),
    "a function with a body": ("pre", "create function f() returns int language plpgsql as $$ begin; drop table x; commit; end $$;"),
    "a text that drops": ("pre", "insert into note values ('; drop table seat; commit;');"),
    "an index beside": ("pre", INDEX),
    "an index gone": ("post", "-- hanse: concurrently\ndrop index concurrently if exists venue.seat_owner;"),
    "set local": ("pre", "set local statement_timeout = '5min'; " + SEATS),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_file_that_does_what_it_may_not_is_refused_with_the_remedy(name, tmp_path):
    phase, text, words = WRONG[name]
    (tmp_path / f"0001_{phase}_x.sql").write_text(text)
    with pytest.raises(MigrationError) as refused:
        read_migrations(tmp_path, "venue")
    assert words in str(refused.value)
    assert f"0001_{phase}_x.sql" in str(refused.value)


@pytest.mark.parametrize("name", RIGHT)
def test_a_file_that_keeps_the_rules_is_read(name, tmp_path):
    phase, text = RIGHT[name]
    (tmp_path / f"0001_{phase}_x.sql").write_text(text)
    (found,) = read_migrations(tmp_path, "venue")
    assert (found.number, found.phase, found.name) == (1, phase, f"0001_{phase}_x")


def test_files_come_in_the_order_of_their_numbers_and_the_schema_is_none(tmp_path):
    for name in ("0002_post_b", "0001_pre_a", "schema", "0003_pre_c"):
        (tmp_path / f"{name}.sql").write_text(SEATS)
    assert [each.name for each in read_migrations(tmp_path, "venue")] == [
        "0001_pre_a",
        "0002_post_b",
        "0003_pre_c",
    ]


@pytest.mark.parametrize(
    "names", [["0002_pre_a"], ["0001_pre_a", "0003_pre_b"], ["0001_pre_a", "0001_pre_b"]]
)
def test_a_gap_or_a_number_that_comes_twice_is_refused(names, tmp_path):
    for name in names:
        (tmp_path / f"{name}.sql").write_text(SEATS)
    with pytest.raises(MigrationError, match="without a gap"):
        read_migrations(tmp_path, "venue")


@pytest.mark.parametrize("name", ["1_pre_a", "0001_a", "0001_during_a", "0001_pre_A", "notes"])
def test_a_name_that_says_too_little_is_refused(name, tmp_path):
    (tmp_path / f"{name}.sql").write_text(SEATS)
    with pytest.raises(MigrationError, match="name it like 0001_pre_seats.sql"):
        read_migrations(tmp_path, "venue")


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    (tmp_path / "0001_pre_a.sql").write_text("commit; drop table x;")
    (tmp_path / "0002_during_a.sql").write_text("")
    with pytest.raises(MigrationError) as refused:
        read_migrations(tmp_path, "venue")
    assert len(refused.value.problems) == 3


def test_a_folder_that_is_not_there_has_none(tmp_path):
    assert read_migrations(tmp_path / "migrations", "venue") == ()


def test_statements_are_parted_where_postgresql_parts_them():
    text = (
        "select ';', E'\\';', \"a;b\"; -- ;\nselect $$;$$, $a$;$$;$a$ /* ; /* ; */ ; */; ;select 3"
    )
    assert [part.plain for part in parts_of(text)] == [
        "select '', '', \"a;b\"",
        "select '', ''",
        "select 3",
    ]
