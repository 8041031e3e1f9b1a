"""`hanse backup`, `hanse backup list`, `hanse backup verify`, `hanse restore` beside a fleet that runs and ends."""

import json
import os
import signal
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from tests.end_to_end.backed_up import now, shop
from tests.end_to_end.fleet import until
from tests.end_to_end.terminal import Program, hanse


def test_a_fleet_backs_up_by_itself_and_what_is_there_can_be_restored(tmp_path: Path) -> None:
    with shop(tmp_path) as made:
        made.fleet.up()
        made.sell("one")
        taken = made.fleet.hanse("backup")
        assert taken["bases"] >= 1 and taken["base_bytes"] > 1_000_000 and not taken["refused"]
        made.sell("two")
        made.until_complete(now())

        [listed] = made.fleet.hanse("backup", "list")
        assert len(listed["bases"]) == taken["bases"]
        assert listed["since"] < listed["until"]
        verified = made.fleet.hanse("backup", "verify")
        assert verified["rows"] >= 2 and not verified["broken"] and not verified["aside"]
        assert made.sold() == {"one", "two"}, "verifying leaves alone what runs"

        status = made.fleet.status()["backup"]
        assert status["behind_seconds"] < 30 and status["base_seconds"] < 60
        assert "backup: base" in hanse("status", folder=made.folder).stdout
        assert all(
            stat.S_IMODE(one.lstat().st_mode) == (0o700 if one.is_dir() else 0o600)
            for one in made.place.rglob("*")
        )


def test_a_restore_replaces_nothing_unasked_and_deletes_nothing(tmp_path: Path) -> None:
    with shop(tmp_path) as made:
        made.fleet.up()
        made.fleet.hanse("backup")
        made.sell("one")
        between = now()
        made.sell("two")
        assert "The fleet runs. End it before: hanse down" in made.refused("restore", "--replace")
        hanse("down", folder=made.folder)
        assert "With --replace it is moved aside" in made.refused("restore")
        future = (now() + timedelta(hours=1)).isoformat()
        assert "is not yet" in made.refused("restore", "--to", future)
        assert "is no moment" in made.refused("restore", "--to", "yesterday")
        early = (now() - timedelta(days=1)).isoformat()
        assert "the first moment one can go back to is" in made.refused(
            "restore", "--replace", "--to", early
        )

        restored = made.fleet.hanse("restore", "--replace", "--to", between.isoformat())
        assert (made.folder / restored["aside"] / "PG_VERSION").exists()
        made.fleet.up()
        assert made.sold() == {"one"}


@pytest.mark.long
def test_what_was_restored_goes_on_as_a_life_of_its_own_and_both_can_be_had_back(
    tmp_path: Path,
) -> None:
    with shop(tmp_path) as made:
        made.fleet.up()
        made.fleet.hanse("backup")
        made.sell("one")
        between = now()
        made.sell("two")
        hanse("down", folder=made.folder)
        made.fleet.hanse("restore", "--replace", "--to", between.isoformat())
        made.fleet.up()
        made.sell("three")
        made.until_complete(now())
        made.lose()
        made.fleet.hanse("restore")
        made.fleet.up()
        assert made.sold() == {"one", "three"}
        hanse("down", folder=made.folder)
        made.fleet.hanse(
            "restore", "--replace", "--to", (between + timedelta(microseconds=1)).isoformat()
        )
        made.fleet.up()
        assert made.sold() == {"one"}


@pytest.mark.long
def test_whatever_is_killed_in_the_middle_nothing_half_done_is_taken_for_a_backup(
    tmp_path: Path,
) -> None:
    with shop(tmp_path) as made:
        made.fleet.up()
        made.until_base()
        made.sell("one")
        bases = len(made.fleet.hanse("backup", "list")[0]["bases"])
        for _ in range(2):
            with Program("backup", folder=made.folder) as asking:
                until(made.half_done, "a base being taken")
                for pid in made.fleet.pids_of("hanse.fleet.backup.main"):
                    os.kill(pid, signal.SIGKILL)
                listed = made.fleet.hanse("backup", "list")[0]["bases"]
                assert len(listed) in {bases, bases + 1}
                assert asking.process.wait(60) == 0, "whoever asked waits for the next process"
                bases = len(made.fleet.hanse("backup", "list")[0]["bases"])
        assert not made.half_done()
        made.sell("two")
        made.until_complete(now())
        made.lose()

        with Program("restore", folder=made.folder) as restoring:
            restoring.wait_for("replaying|fetching")
            for pid in made.fleet.pids_of("hanse.fleet.restore.main"):
                os.kill(pid, signal.SIGKILL)
            assert restoring.process.wait(60) == 1
        until(
            lambda: not [one for one in made.fleet.running() if "postgres" in one.name()],
            "its server to end",
        )
        assert not list((made.folder / ".hanse/up/postgres").iterdir())
        mark = made.folder / ".hanse/up/postgres/restoring"
        mark.touch()  # as if it had been killed a moment later
        made.fleet.hanse("restore")
        assert not mark.exists()
        assert [one.name for one in (made.folder / ".hanse/up/restore").iterdir()] == ["lock"]
        made.fleet.up()
        assert made.sold() == {"one", "two"}


@pytest.mark.long
def test_files_come_back_with_the_moment_and_what_it_does_not_know_is_moved_aside(
    tmp_path: Path,
) -> None:
    with shop(tmp_path) as made:
        made.fleet.up()
        first = made.keep("first")
        made.fleet.hanse("backup")
        between = now()
        second = made.keep("second")
        made.until_complete(now())
        made.lose()
        restored = made.fleet.hanse("restore")
        assert (restored["files"], restored["files_missing"]) == (2, 0)
        made.fleet.up()
        assert (made.read(first), made.read(second)) == ("first", "second")

        hanse("down", folder=made.folder)
        made.fleet.hanse("restore", "--replace", "--to", between.isoformat())
        made.fleet.up()
        assert made.read(first) == "first"
        [aside] = made.files.glob("before-*")
        assert [one.read_text() for one in aside.rglob("*") if one.is_file()] == ["second"]
        assert {one.read_text() for one in made.place.glob("*/files/*/*/*")} == {"first", "second"}


@pytest.mark.long
def test_one_site_is_brought_back_while_the_fleet_runs_and_the_others_stay(tmp_path: Path) -> None:
    with shop(tmp_path) as made:
        made.fleet.up()
        made.sell("one")
        made.sell_for("other", "first")
        made.fleet.hanse("backup")
        between = now()
        made.sell("two")
        made.sell_for("other", "second")
        made.until_complete(now())
        asked = ("restore", "--site", "default", "--to", between.isoformat())
        planned = made.fleet.hanse(*asked, "--dry-run")
        assert {"name": "hanse.sale", "added": 0, "changed": 0, "removed": 1} in planned["tables"]
        assert made.sold() == {"one", "two"}
        done = made.fleet.hanse(*asked)
        assert done["tables"] == planned["tables"]
        assert made.sold() == {"one"}
        assert made.sold_for("other") == ["first", "second"]
        assert made.sell("two") == "2", "under its key too, for what it did is undone"
        for wrong in (("--site", "a"), ("--site", "a", "--replace"), ("--dry-run",)):
            assert "--" in made.refused("restore", *wrong)
        hanse("down", folder=made.folder)
        assert "a fleet that runs" in made.refused(*asked)


@pytest.mark.long
def test_without_a_place_or_with_a_database_elsewhere_one_is_told(tmp_path: Path) -> None:
    with shop(tmp_path) as made:
        file = made.folder / "hanse.toml"
        text = file.read_text()
        file.write_text(text.partition("[backup]")[0])
        made.fleet.up()
        for verb in (("backup",), ("backup", "list"), ("restore",)):
            assert "Write [backup] in hanse.toml" in made.refused(*verb)
        assert made.fleet.status()["backup"] is None
        file.write_text(f'{text}\n[database]\nurl = "postgresql://db.example.org/shop"\n')
        assert "whoever provides it backs it up" in made.refused("backup", "list")
        file.write_text(text.replace("[backup]", '[backup]\nbucket = "b"'))
        assert "give one of the two" in made.refused("backup", "list")


@pytest.mark.long
def test_what_is_changed_in_the_file_is_taken_in_by_the_next_up(tmp_path: Path) -> None:
    with shop(tmp_path) as made:
        file = made.folder / "hanse.toml"
        text = file.read_text()
        file.write_text(text.partition("[backup]")[0])
        made.fleet.up()
        assert "backup" not in made.fleet.processes()
        file.write_text(text)
        made.fleet.up()
        made.until_base()
        assert made.fleet.processes("backup")
        file.write_text(text.partition("[backup]")[0])
        made.fleet.up()
        assert "backup" not in made.fleet.processes()
        assert json.loads(json.dumps(made.base()))["project"] == "shop"
