"""Where files can be kept: a folder, and an S3 server that keeps versions.

Fixtures: `from hanse.runtime.data.files.tests.stores import *`.
"""

import atexit
import functools

import pytest

from hanse import FileStoreConfig, Secret
from hanse.runtime.data.files.tests.s3_server import KEY, SECRET, S3Server

__all__ = ["config", "s3"]

BUCKET, PLAIN = "files", "plain"


@functools.cache
def shared_s3() -> S3Server:
    """The one of this process; it has a bucket that keeps versions, and one that keeps none."""
    server = S3Server()
    atexit.register(server.end)
    server.make(BUCKET, versions=True)
    server.make(PLAIN)
    return server


@pytest.fixture(scope="session")
def s3() -> S3Server:
    return shared_s3()


@pytest.fixture(params=["folder", "s3"])
def config(request, tmp_path) -> FileStoreConfig:
    """Each of the two in turn."""
    if request.param == "folder":
        return FileStoreConfig(folder=tmp_path / "kept")
    return in_bucket(request.getfixturevalue("s3"), tmp_path.name)


def in_bucket(s3: S3Server, prefix: str, bucket: str = BUCKET) -> FileStoreConfig:
    """A store in a bucket, apart from others by what its names begin with."""
    return FileStoreConfig(
        bucket=bucket,
        prefix=prefix,
        endpoint=s3.url,
        access_key=Secret(KEY),
        secret_key=Secret(SECRET),
    )
