"""Backups in S3: as in a folder, a few seconds behind, and away for a while without harm."""

import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.end_to_end.backed_up import Shop, now, shop
from tests.end_to_end.fleet import until

KEYS = {"HANSE_BACKUP__ACCESS_KEY": "key", "HANSE_BACKUP__SECRET_KEY": "secret"}
BACKUP = """
bucket = "shop-backups"
prefix = "here"
endpoint = "{url}"
"""


class S3:
    """A server that can be away, and has what it had when it is back."""

    def __init__(self) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        _, self._port = self._server.get_host_and_port()
        self.url = f"http://127.0.0.1:{self._port}"
        keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}
        self._client = boto3.client("s3", endpoint_url=self.url, region_name="us-east-1", **keys)
        self._client.create_bucket(Bucket="shop-backups")

    def names(self) -> list[str]:
        found = self._client.list_objects_v2(Bucket="shop-backups").get("Contents", [])
        return [one["Key"] for one in found]

    def leave(self) -> None:
        self._server.stop()

    def come_back(self) -> None:
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=self._port, verbose=False)
        self._server.start()

    def end(self) -> None:
        self._client.close()
        self._server.stop()


@pytest.fixture
def s3() -> Iterator[S3]:
    server = S3()
    yield server
    server.end()


def until_complete(made: Shop, moment: datetime) -> None:
    def is_complete() -> bool:
        behind = made.fleet.status()["backup"]["behind_seconds"]
        return behind is not None and (now() - moment).total_seconds() > behind

    until(is_complete, "the bucket to be complete", seconds=60)


@pytest.mark.long
def test_a_bucket_may_be_away_and_what_was_sold_meanwhile_follows(tmp_path: Path, s3: S3) -> None:
    with shop(tmp_path, BACKUP.format(url=s3.url)) as made:
        made.fleet.url = made.fleet.hanse("up", **KEYS)["url"]
        made.sell("one")
        made.fleet.hanse("backup")
        receipt = made.keep("receipt")
        until_complete(made, now())
        assert any(name.endswith(".partial.gz") for name in s3.names())

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
