"""`[files]`: folders whose files a project's hosts serve beside its pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

if TYPE_CHECKING:
    from pathlib import Path

    from hanse.runtime.project.lines import Place

YEAR_SECONDS = 366 * 86_400

Prefix = Annotated[
    str,
    Meta(
        pattern=r"^(/|(/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)+)$",
        description='a prefix is the beginning of a path, like "/static"',
    ),
]
_FolderName = Annotated[str, Meta(min_length=1)]


class FolderTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One folder.

    Attributes:
        folder: Relative to the project's.
        max_age: Seconds for which a browser does not ask again. It is 0 if nothing is said: then it
            asks each time, and is sent only what has changed.
    """

    folder: _FolderName
    max_age: Annotated[int, Meta(ge=0, le=YEAR_SECONDS)] = 0


FilesTable = Mapping[
    Prefix,
    Annotated[
        _FolderName | FolderTable,
        Meta(
            description='a folder is "shop/static", or { folder = "shop/static", max_age = 3600 } '
            "with seconds up to a year"
        ),
    ],
]


class ServedFolder(msgspec.Struct, frozen=True):
    """Files that are there.

    Attributes:
        prefix: Path below which they are served.
        folder: Where they lie.
        max_age: Seconds for which a browser does not ask again.
    """

    prefix: str
    folder: Path
    max_age: int


def served_folders(
    project: Path, files: FilesTable, built: Mapping[str, Path]
) -> tuple[tuple[ServedFolder, ...], dict[Place, str]]:
    """The folders a project serves, and what keeps some of them from it, by place.

    Args:
        project: The project's folder.
        files: As the project has them.
        built: Where a release has them instead, by prefix.
    """
    served: list[ServedFolder] = []
    wrong: dict[Place, str] = {}
    for prefix, given in files.items():
        table = given if isinstance(given, FolderTable) else FolderTable(given)
        folder = (built.get(prefix) or project / table.folder).resolve()
        if not folder.is_dir():
            wrong["files", prefix] = f"there is no folder {table.folder}; make it, or name another."
        elif project.resolve().is_relative_to(folder):
            wrong["files", prefix] = (
                f"{table.folder} holds the project itself, which is not for everybody to read; "
                "name a folder inside."
            )
        served.append(ServedFolder(prefix, folder, table.max_age))
    return tuple(served), wrong
