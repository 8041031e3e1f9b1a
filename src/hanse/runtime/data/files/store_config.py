"""Where the bytes of files lie."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from hanse.runtime.config.secret import Secret


class FileStoreConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A folder, or a bucket of anything that speaks S3. All hosts of a database share one.

    Attributes:
        folder: Of files, if they lie on this machine; it is made if it is not there.
        bucket: Its name, if they lie in S3.
        prefix: What all names in the bucket begin with.
        endpoint: Where S3 is, like `https://s3.example.org`; left out, that of Amazon's region.
        region: Of the bucket.
        access_key: Who asks there.
        secret_key: And what proves it.
        uploads: How many files one host takes in at once; each may hold some 12 MB meanwhile.
    """

    folder: Path | None = None
    bucket: str = ""
    prefix: str = ""
    endpoint: str = ""
    region: str = "us-east-1"
    access_key: Secret | None = None
    secret_key: Secret | None = None
    uploads: Annotated[int, Meta(ge=1, le=1000)] = 16
