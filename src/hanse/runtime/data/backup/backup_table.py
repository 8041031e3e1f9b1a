"""`[backup]`: where a project's data is copied to, how often, and how long it stays."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, cast

import msgspec
from msgspec import Meta

from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.config.settings import Sources, load
from hanse.runtime.data.files.store_config import FileStoreConfig
from hanse.runtime.data.files.store_table import Endpoint, FileStoreSettings, Text

if TYPE_CHECKING:
    from pathlib import Path

SECTION = "backup"

Hours = Annotated[float, Meta(gt=0, le=744, description="more than 0 to 744 hours")]
Days = Annotated[float, Meta(gt=0, le=3660, description="more than 0 to 3660 days")]


class BackupTable(msgspec.Struct, frozen=True, kw_only=True):
    """A folder, relative to the project's, or a bucket of anything that speaks S3.

    What a bucket is opened with comes from `HANSE_BACKUP__ACCESS_KEY` and
    `HANSE_BACKUP__SECRET_KEY`, or files of those settings; without, from the machine's role.

    Attributes:
        every_hours: Between two bases. What is written in between is copied all the time.
        keep_days: So far back any moment can be restored.
    """

    folder: Text | None = None
    bucket: Text | None = None
    prefix: str = ""
    endpoint: Endpoint | None = None
    region: Text = "us-east-1"
    every_hours: Hours = 24
    keep_days: Days = 14

    @property
    def every(self) -> timedelta:
        return timedelta(hours=self.every_hours)

    @property
    def keep(self) -> timedelta:
        return timedelta(days=self.keep_days)


def backup_place(project: Path, table: BackupTable, sources: Sources) -> FileStoreConfig:
    """Where backups lie.

    Raises:
        ConfigurationError: It is neither a folder nor a bucket, or both.
        SettingsError: A key of the bucket is there and cannot be used.
    """
    if (table.folder is None) == (table.bucket is None):
        raise ConfigurationError("[backup] needs a folder or a bucket: give one of the two.")
    if table.folder is not None:
        return FileStoreConfig(folder=project / table.folder)
    outside = msgspec.structs.replace(sources, tables={})
    keys = cast("FileStoreSettings", load({SECTION: FileStoreSettings}, outside)[SECTION])
    return FileStoreConfig(
        bucket=table.bucket or "",
        prefix=table.prefix,
        endpoint=table.endpoint or "",
        region=table.region,
        access_key=keys.access_key,
        secret_key=keys.secret_key,
    )
