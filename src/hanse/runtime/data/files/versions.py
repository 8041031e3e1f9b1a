"""Deletes what a bucket with versions keeps of an object that is deleted: all its versions."""

from __future__ import annotations

import importlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hanse.runtime.data.files.failures import StoreAway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hanse.runtime.data.files.store_config import FileStoreConfig

PAGE = 1000
"""Versions that are listed at once."""

PAGES_MAX = 100
"""Of one object; what has more is left to whoever deletes it again."""

READ_TIMEOUT = timedelta(seconds=20)
CONNECT_TIMEOUT = timedelta(seconds=5)
TRIES = 3

NO_VERSIONS = frozenset({"NotImplemented", "MethodNotAllowed"})
"""What stores answer that know no versions at all."""

NOT_ALLOWED = (
    "The bucket {bucket} does not let versions be deleted, so that files of who was erased may "
    "stay in it: allow s3:ListBucketVersions and s3:DeleteObjectVersion."
)
TOO_MANY = "An object of the bucket {bucket} has over {most} versions; delete it once more."


class Versions:
    """Those of one bucket. Its calls wait for the network, so they belong into a thread.

    Args:
        config: Which.
    """

    def __init__(self, config: FileStoreConfig) -> None:
        self._bucket = config.bucket
        self._prefix = f"{config.prefix.strip('/')}/" if config.prefix.strip("/") else ""
        self._client = _client(config)

    def delete(self, path: str) -> None:
        """Deletes all versions of an object, and the marks of its deletions.

        Raises:
            StoreAway: Not all could be.
        """
        botocore: Any = importlib.import_module("botocore.exceptions")
        try:
            self._delete(self._prefix + path)
        except botocore.ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in NO_VERSIONS:
                return
            raise self._refused(code).because(error) from error
        except botocore.BotoCoreError as error:
            raise self._refused("").because(error) from error

    def _refused(self, code: str) -> StoreAway:
        if code == "AccessDenied":
            return StoreAway(NOT_ALLOWED.format(bucket=self._bucket), retry_after=60)
        return StoreAway("Files cannot be reached now; try again.", retry_after=5)

    def _delete(self, key: str) -> None:
        for _ in range(PAGES_MAX):
            page = self._client.list_object_versions(Bucket=self._bucket, Prefix=key, MaxKeys=PAGE)
            found = [{"Key": key, "VersionId": version} for version in _ids(page, key)]
            if found:
                given = {"Objects": found, "Quiet": True}
                done = self._client.delete_objects(Bucket=self._bucket, Delete=given)
                if errors := done.get("Errors"):
                    raise self._refused(str(errors[0].get("Code", "")))
            if not found or not page.get("IsTruncated"):
                return
        raise StoreAway(TOO_MANY.format(bucket=self._bucket, most=PAGE * PAGES_MAX), retry_after=60)


def _ids(page: Any, key: str) -> Iterator[str]:
    for kind in ("Versions", "DeleteMarkers"):
        for one in page.get(kind, ()):
            if one["Key"] == key:
                yield one["VersionId"]


def _client(config: FileStoreConfig) -> Any:
    """A client of botocore: obstore lists no versions, and keeps the keys of a role to itself."""
    session: Any = importlib.import_module("botocore.session").Session()
    settings: Any = importlib.import_module("botocore.config").Config(
        connect_timeout=CONNECT_TIMEOUT.total_seconds(),
        read_timeout=READ_TIMEOUT.total_seconds(),
        retries={"total_max_attempts": TRIES, "mode": "standard"},
        s3={"addressing_style": "path"} if config.endpoint else {},
    )
    given: dict[str, Any] = {}
    if config.endpoint:
        given["endpoint_url"] = config.endpoint
    if config.access_key and config.secret_key:
        given["aws_access_key_id"] = config.access_key.reveal()
        given["aws_secret_access_key"] = config.secret_key.reveal()
    return session.create_client("s3", region_name=config.region, config=settings, **given)
