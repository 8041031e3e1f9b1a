"""Backups in S3: as in a folder, a few seconds behind, and away for a while without harm."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from hanse.runtime.data.files.tests.s3_server import S3Server
from tests.end_to_end.backed_up import Shop, now, shop
from tests.end_to_end.fleet import until
from tests.end_to_end.terminal import hanse

KEYS = {"HANSE_BACKUP__ACCESS_KEY": "key", "HANSE_BACKUP__SECRET_KEY": "secret"}
FILE_KEYS = {"HANSE_FILE_STORE__ACCESS_KEY": "key", "HANSE_FILE_STORE__SECRET_KEY": "secret"}
FILES = """
bucket = "shop-files"
endpoint = "{url}"
"""
BACKUP = """
bucket = "shop-backups"
prefix = "here"
endpoint = "{url}"
"""


@pytest.fixture
def s3() -> Iterator[S3Server]:
    """A server that can be away, and has what it had when it is back."""
    server = S3Server()
    server.make("shop-backups", versions=True)
    server.make("shop-files", versions=True)
    yield server
    server.end()


def until_complete(made: Shop, moment: datetime) -> None:
    def is_complete() -> bool:
        behind = made.fleet.status()["backup"]["behind_seconds"]
        return behind is not None and (now() - moment).total_seconds() > behind

    until(is_complete, "the bucket to be complete", seconds=60)


@pytest.mark.long
def test_a_bucket_may_be_away_and_what_was_sold_meanwhile_follows(
    tmp_path: Path, s3: S3Server
) -> None:
    with shop(tmp_path, BACKUP.format(url=s3.url)) as made:
        made.fleet.url = made.fleet.hanse("up", **KEYS)["url"]
        made.sell("one")
        made.fleet.hanse("backup")
        receipt = made.keep("receipt")
        until_complete(made, now())
        assert any(name.endswith(".partial.gz") for name in s3.names("shop-backups"))

        s3.leave()
        made.sell("two")
        until(
            lambda: any("in danger" in note for note in made.fleet.status()["notes"]),
            "a warning",
            seconds=60,
        )
        made.sell("three")
        s3.come_back()
        until_complete(made, now())
        until(
            lambda: not any("in danger" in note for note in made.fleet.status()["notes"]),
            "the warning to go",
            seconds=60,
        )

        made.lose()
        restored = made.fleet.hanse("restore", **KEYS)
        assert restored["files"] == 1 and not restored["broken"]
        made.fleet.url = made.fleet.hanse("up", **KEYS)["url"]
        assert made.sold() == {"one", "two", "three"}
        assert made.read(receipt) == "receipt"


@pytest.mark.long
def test_files_of_a_bucket_come_back_when_the_bucket_is_lost(tmp_path: Path, s3: S3Server) -> None:
    with shop(tmp_path, file_store=FILES.format(url=s3.url)) as made:
        made.fleet.url = made.fleet.hanse("up", **FILE_KEYS)["url"]
        first = made.keep("first")
        made.fleet.hanse("backup")
        between = now()
        second = made.keep("second")
        until_complete(made, now())
        made.fleet.kill_all()
        for name in s3.names("shop-files"):
            s3.client.delete_object(Bucket="shop-files", Key=name)
        verified = made.fleet.hanse("backup", "verify")  # has no keys of the bucket
        assert (verified["files"], verified["files_missing"]) == (2, 0)
        restored = made.fleet.hanse("restore", "--replace", **FILE_KEYS)
        assert (restored["files"], restored["files_missing"], restored["files_aside"]) == (2, 0, "")
        made.fleet.url = made.fleet.hanse("up", **FILE_KEYS)["url"]
        assert (made.read(first), made.read(second)) == ("first", "second")

        hanse("down", folder=made.folder)
        to = ("--replace", "--to", between.isoformat())
        restored = made.fleet.hanse("restore", *to, **FILE_KEYS)
        made.fleet.url = made.fleet.hanse("up", **FILE_KEYS)["url"]
        assert made.read(first) == "first"
        aside = restored["files_aside"].removeprefix("s3://shop-files/")
        found = s3.contents("shop-files")
        assert [found[one] for one in found if one.startswith(f"{aside}/")] == [b"second"]
        copied = made.place.glob("*/files/*/*/*")
        assert {one.read_text() for one in copied} == {"first", "second"}
