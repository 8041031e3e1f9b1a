"""`[file_store]`: where a project's hosts keep the bytes of files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import msgspec
from msgspec import Meta

from hanse.runtime.config.secret import Secret
from hanse.runtime.config.settings import Settings, Sources, load
from hanse.runtime.data.files.store_config import FileStoreConfig

if TYPE_CHECKING:
    from pathlib import Path

SECTION = "file_store"

FOLDER = ".hanse/files"

Text = Annotated[str, Meta(min_length=1, max_length=500, description="a text that is not empty")]
Endpoint = Annotated[
    str,
    Meta(pattern="^https?://[^/\\s]+/?$", description='an endpoint is "https://s3.example.org"'),
]
Uploads = Annotated[int, Meta(ge=1, le=1000, description="1 to 1000 uploads")]


class FileStoreTable(msgspec.Struct, frozen=True, kw_only=True):
    """A folder, relative to the project's, or a bucket; see `FileStoreConfig`.

    What a bucket is opened with comes from `HANSE_FILE_STORE__ACCESS_KEY` and
    `HANSE_FILE_STORE__SECRET_KEY`, or files of those settings; without, from the machine's role.
    """

    folder: Text | None = None
    bucket: Text | None = None
    prefix: str = ""
    endpoint: Endpoint | None = None
    region: Text = "us-east-1"
    uploads: Uploads = 16


class FileStoreSettings(Settings):
    """What a bucket needs from the deployment.

    Attributes:
        access_key: Who asks.
        secret_key: And what proves it.
    """

    access_key: Secret | None = None
    secret_key: Secret | None = None


def file_store(project: Path, table: FileStoreTable, sources: Sources) -> FileStoreConfig:
    """Where files are kept: `.hanse/files` if nobody says otherwise.

    Raises:
        SettingsError: A key is there and cannot be used.
    """
    if table.bucket is None:
        folder = project / (table.folder or FOLDER)
        return FileStoreConfig(folder=folder, uploads=table.uploads)
    outside = msgspec.structs.replace(sources, tables={})
    keys = cast("FileStoreSettings", load({SECTION: FileStoreSettings}, outside)[SECTION])
    return FileStoreConfig(
        folder=project / table.folder if table.folder else None,
        bucket=table.bucket,
        prefix=table.prefix,
        endpoint=table.endpoint or "",
        region=table.region,
        access_key=keys.access_key,
        secret_key=keys.secret_key,
        uploads=table.uploads,
    )
