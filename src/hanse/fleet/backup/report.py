"""What the process that backs up says of itself, and what it is asked."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hanse.runtime.config.settings import Sources
from hanse.runtime.data.backup.backup_table import BackupTable, backup_place
from hanse.runtime.data.files.store_table import FileStoreTable, file_store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hanse.fleet.state import StateFolder
    from hanse.runtime.data.files.store_config import FileStoreConfig
    from hanse.runtime.project.project import Project


log = logging.getLogger("hanse.backup")


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be backed up, and where to; without anything secret.

    Attributes:
        project: Its name.
        table: `[backup]`.
        files: `[file_store]`, where the project keeps its files.
        keys: Folder of the database's keyring.
        mounted: Folder of mounted settings, in which keys of a bucket may lie.
    """

    project: str
    table: BackupTable
    files: FileStoreTable = FileStoreTable()
    keys: str | None = None
    mounted: str | None = None

    def place(self, variables: Mapping[str, str]) -> FileStoreConfig:
        """Where to, seen from the project's folder.

        Raises:
            ConfigurationError: It is said wrongly.
        """
        return backup_place(Path(), self.table, self._sources(variables))

    def file_store(self, variables: Mapping[str, str]) -> FileStoreConfig:
        """Where files are kept, seen from the project's folder.

        Raises:
            ConfigurationError: It is said wrongly.
        """
        return file_store(Path(), self.files, self._sources(variables))

    def _sources(self, variables: Mapping[str, str]) -> Sources:
        mounted = Path(self.mounted) if self.mounted else None
        return Sources(variables=variables, mounted=mounted)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """How it goes.

    Attributes:
        place: Where backups lie.
        written: When this was written down; a process that hangs says nothing new.
        base: Name of the newest base; empty for none.
        base_ended: When it was done.
        base_size: Bytes of it.
        bases: How many there are.
        complete: Until when everything that was acknowledged lies there.
        behind: Bytes of the log that do not lie there yet.
        step: What is done of a base at this moment; empty for nothing.
        answered: The last request for a base that was dealt with.
        refused: Why that came to nothing; empty if it came to something.
        problems: What does not work, in sentences.
        others: Other databases that have bases in the same place.
    """

    place: str
    written: datetime
    base: str = ""
    base_ended: datetime | None = None
    base_size: int = 0
    bases: int = 0
    complete: datetime | None = None
    behind: int = 0
    step: str = ""
    answered: str = ""
    refused: str = ""
    problems: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


class Problems:
    """What does not work at the moment, by what it is about."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}

    def note(self, about: str, said: str) -> None:
        """Says what does not work; nothing means that it does again."""
        if said and self._said.get(about) != said:
            log.warning("%s", said)
        self._said[about] = said

    def all(self) -> tuple[str, ...]:
        return tuple(filter(None, self._said.values()))


def order_of(project: Project, state: StateFolder, variables: Mapping[str, str]) -> Order | None:
    """What a project wants backed up; None if it wants nothing.

    Raises:
        ConfigurationError: It says so wrongly.
    """
    table = project.file.backup
    if table is None:
        return None
    keys = project.file.keys.path(project.folder, state.keys)
    order = Order(
        project=project.name,
        table=table,
        files=project.file.file_store,
        keys=str(keys) if keys else None,
        mounted=project.file.host.settings_folder,
    )
    order.place(variables)
    order.file_store(variables)
    return order


def read_report(state: StateFolder) -> Report | None:
    """What it said last; None if it never said anything."""
    try:
        return msgspec.json.decode((state.backup / "report.json").read_bytes(), type=Report)
    except (OSError, msgspec.MsgspecError):
        return None
