"""Where files can be kept: a folder, and an S3 server that answers over HTTP.

Fixtures: `from hanse.runtime.data.files.tests.stores import *`.
"""

import logging
from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

from hanse import FileStoreConfig, Secret

__all__ = ["config", "s3"]

BUCKET = "files"


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of a server with a bucket."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    url = f"http://127.0.0.1:{port}"
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}
    client = boto3.client("s3", endpoint_url=url, region_name="us-east-1", **keys)
    client.create_bucket(Bucket=BUCKET)
    client.close()
    yield url
    server.stop()


@pytest.fixture(params=["folder", "s3"])
def config(request, tmp_path) -> FileStoreConfig:
    """Each of the two in turn."""
    if request.param == "folder":
        return FileStoreConfig(folder=tmp_path / "kept")
    return FileStoreConfig(
        bucket=BUCKET,
        prefix=tmp_path.name,
        endpoint=request.getfixturevalue("s3"),
        access_key=Secret("key"),
        secret_key=Secret("secret"),
    )
