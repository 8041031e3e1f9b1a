"""`[keys]` of `hanse.toml`: where the keyring of a project's database lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

if TYPE_CHECKING:
    from pathlib import Path

Folder = Annotated[
    str, Meta(min_length=1, max_length=500, description='a folder is like "/var/lib/crm/keys"')
]


class KeysTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[keys]`.

    Attributes:
        folder: Of the keyring, relative to the project's. All hosts of a database see one; what is
            copied of the database must not be copied together with it.
    """

    folder: Folder | None = None

    def path(self, project: Path, own: Path | None = None) -> Path | None:
        """The folder; None if nobody says where it is.

        Args:
            project: The project's folder.
            own: Where it is if the file does not say: that of a database of ours.
        """
        return project / self.folder if self.folder else own
