"""What a host keeps files in, and whose services need it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hanse.runtime.contract.file import file_fields
from hanse.runtime.contract.service import contract_of
from hanse.runtime.data.files.files import NO_FILES, Files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hanse.runtime.contract.method import Method
    from hanse.runtime.data.database import Database
    from hanse.runtime.data.files.store_config import FileStoreConfig


def files_of(database: Database | None, config: FileStoreConfig | None) -> Files | None:
    """The files of a host; None for one that has no database, or nothing to keep them in."""
    return Files(database, config) if database is not None and config is not None else None


def takers(services: Sequence[type]) -> list[tuple[type, Method]]:
    """Which forms and methods take files, of services that may have none."""
    forms = [
        (service, page)
        for service in services
        for page in getattr(service, "__pages__", ())
        if file_fields(page.request_type)
    ]
    contracts = [(service, contract_of(service)) for service in services]
    return forms + [
        (service, method)
        for service, contract in contracts
        for method in (contract.methods.values() if contract else ())
        if method.upload is not None
    ]


def as_provided(files: Files | None) -> dict[type, Any]:
    """What constructors are given that ask for them."""
    return {Files: files} if files is not None else {}


def homeless(services: Sequence[type], provided: Mapping[type, Any]) -> list[str]:
    """What to tell of forms and methods that take files, on a host that keeps none."""
    if Files in provided:
        return []
    return [
        f"{service.__name__}.{page.name} takes a file. {NO_FILES}"
        for service, page in takers(services)
    ]
