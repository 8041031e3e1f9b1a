"""A real S3 server for tests: SeaweedFS, which has versions, out of a wheel."""

from __future__ import annotations

import json
import socket
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from hanse.testing.servers.server_process import ServerProcess

KEY, SECRET = "key", "secret"
POOR_KEY = "poor"
"""Of who may read and write, and see no versions."""

START_SECONDS = 60.0
WEED = Path(sysconfig.get_path("scripts")) / "weed"
RIGHTS = ("Admin", "Read", "Write", "List", "Tagging")
PARTS = ("master.port", "volume.port", "filer.port", "s3.port")


class S3Server:
    """One that runs alone; it may leave, and come back with what it had.

    Attributes:
        url: Its address.
        client: What asks it as any other program does.
    """

    def __init__(self) -> None:
        room = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
        self._folder = Path(tempfile.mkdtemp(prefix="hanse-s3-", dir=room))
        (self._folder / "data").mkdir()
        self._process = ServerProcess("SeaweedFS", self._folder, "KILL")
        whole, part = _who(KEY, RIGHTS), _who(POOR_KEY, ("Read", "Write"))
        (self._folder / "s3.json").write_text(json.dumps({"identities": [whole, part]}))
        names = [one + grpc for one in PARTS for grpc in ("", ".grpc")]
        self._ports = dict(zip(names, _free_ports(len(names)), strict=True))
        self.url = f"http://127.0.0.1:{self._ports['s3.port']}"
        settings = Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=10)
        keys = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET}
        self.client: Any = boto3.client(
            "s3", endpoint_url=self.url, region_name="us-east-1", config=settings, **keys
        )
        self.come_back()

    def come_back(self) -> None:
        """Starts it, and returns when it takes objects."""
        ports = [f"-{name}={port}" for name, port in self._ports.items()]
        at = f"-dir={self._folder / 'data'}", f"-s3.config={self._folder / 's3.json'}"
        limits = "-volume.max=60", "-master.volumeSizeLimitMB=64", "-master.telemetry=false"
        without = "-s3.port.iceberg=0", "-s3.port.lance=0"
        bound = "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-filer.localSocket={self._folder}/filer"
        bound += (f"-s3.localSocket={self._folder}/s3",)
        asked = *bound, *at, *limits, *without, *ports
        command = (str(WEED), "-logtostderr=true", "server", "-s3", *asked)
        self._process.begin(command, self._takes, START_SECONDS)

    def make(self, bucket: str, *, versions: bool = False) -> None:
        """Makes a bucket."""
        self.client.create_bucket(Bucket=bucket)
        if versions:
            status = {"Status": "Enabled"}
            self.client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=status)

    def names(self, bucket: str) -> list[str]:
        """Of its objects."""
        return [one["Key"] for one in self._all("list_objects_v2", "Contents", Bucket=bucket)]

    def versions(self, bucket: str) -> list[str]:
        """Names of all that it keeps: of objects that are there, were, or were deleted."""
        kinds = ("Versions", "DeleteMarkers")
        pages = self.client.get_paginator("list_object_versions").paginate(Bucket=bucket)
        return [one["Key"] for page in pages for kind in kinds for one in page.get(kind, ())]

    def contents(self, bucket: str) -> dict[str, bytes]:
        """What is in its objects, by name."""
        return {
            name: self.client.get_object(Bucket=bucket, Key=name)["Body"].read()
            for name in self.names(bucket)
        }

    def leave(self) -> None:
        """Has it be away."""
        self._process.end(keep=True)

    def end(self) -> None:
        """Ends it for good."""
        self.client.close()
        self._process.end(keep=False)

    def _all(self, what: str, kind: str, **said: Any) -> list[dict[str, Any]]:
        pages = self.client.get_paginator(what).paginate(**said)
        return [one for page in pages for one in page.get(kind, ())]

    def _takes(self) -> bool:
        try:
            if "ready" not in {one["Name"] for one in self.client.list_buckets()["Buckets"]}:
                self.client.create_bucket(Bucket="ready")
            self.client.put_object(Bucket="ready", Key="ready", Body=b"ready")
        except (BotoCoreError, ClientError):
            return False
        return True


def _who(key: str, rights: Sequence[str]) -> dict[str, Any]:
    said = {"accessKey": key, "secretKey": SECRET}
    return {"name": key, "credentials": [said], "actions": list(rights)}


def _free_ports(count: int) -> list[int]:
    taken = [socket.socket() for _ in range(count)]
    for one in taken:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in taken]
    for one in taken:
        one.close()
    return ports
