"""What a host keeps files in, and whose services need it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hanse.runtime.contract.file import file_fields
from hanse.runtime.data.files.files import NO_FILES, Files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hanse.runtime.contract.method import Method
    from hanse.runtime.data.database import Database
    from hanse.runtime.data.files.store_config import FileStoreConfig


def files_of(database: Database | None, config: FileStoreConfig | None) -> Files | None:
    """The files of a host; None for one that has no database, or nothing to keep them in."""
    return Files(database, config) if database is not None and config is not None else None


def forms_with_files(services: Sequence[type]) -> list[tuple[type, Method]]:
    """Which forms take files, of services that may have none."""
    return [
        (service, page)
        for service in services
        for page in getattr(service, "__pages__", ())
        if file_fields(page.request_type)
    ]


def as_provided(files: Files | None) -> dict[type, Any]:
    """What constructors are given that ask for them."""
    return {Files: files} if files is not None else {}


def homeless(services: Sequence[type], provided: Mapping[type, Any]) -> list[str]:
    """What to tell of forms that take files, on a host that keeps none."""
    if Files in provided:
        return []
    return [
        f"{service.__name__}.{page.name} takes a file. {NO_FILES}"
        for service, page in forms_with_files(services)
    ]
