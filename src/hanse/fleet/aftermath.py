"""Applies post migrations when a release's hosts run alone, in a process of its own.

Only to the embedded database, and where hosts may migrate: nobody but this fleet uses it. Of a
database that is named, others may still use what such a file takes away.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.database_url import database_url
from hanse.fleet.releases.shelf import Shelf
from hanse.fleet.releases.wish import read_wish
from hanse.fleet.state import StateFolder
from hanse.kit.environment import variables
from hanse.runtime.config.secret import Secret
from hanse.runtime.data.migrations.run import Migrations
from hanse.runtime.data.rows.arrival import migrations_of
from hanse.runtime.project.failure import explain
from hanse.runtime.project.project import read_project
from hanse.runtime.wiring import kept_in_database

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hanse.fleet.releases.wish import Wish
    from hanse.runtime.data.migrations.migration import Migration
    from hanse.runtime.project.project import Project

NOT_APPLIED = "This release runs, but not all of its post migrations were applied:"


def aftermath(folder: Path, environment: str, digest: str) -> tuple[str, ...]:
    """Applies what waits, or says in sentences what stands against it.

    Args:
        folder: The project's.
        environment: Which one of it.
        digest: What its hosts run, see `Wish`; whatever lies in the folder by now.
    """
    try:
        shelf = Shelf(StateFolder(Path()).releases)
        wish = read_wish(digest, shelf)
        project = _built(folder, environment, wish, shelf)
        files = migrations_of(kept_in_database(project.services(wish.releases)))
        named = project.database_url(variables())
        state = StateFolder(Path())
        url, shared = named or Secret(database_url(state)), state.connections
        config = project.file.database.config(url, shared=shared, own=named is None)
        migrations = Migrations(files, config)
        if named is None and config.migrate == "start":
            asyncio.run(migrations.apply(post=True))
            return ()
        return _waiting(asyncio.run(migrations.agenda()).waiting)
    except Exception as error:  # noqa: BLE001 - whatever a project raises, its developer is told
        return (NOT_APPLIED, *explain(error, folder))


def _built(folder: Path, environment: str, wish: Wish, shelf: Shelf) -> Project:
    project = read_project(folder, environment, shelf.path_of(wish.settings))
    return project.built(shelf.folder_of(wish.code).absolute(), {})


def _waiting(files: Iterable[Migration]) -> tuple[str, ...]:
    return tuple(
        f"{file.schema}: {file.name} waits until no host of the release before runs, on no "
        "machine. When that is so: hanse migrate --post"
        for file in files
    )


def main() -> None:
    """Does so for folder, environment and wish of the command line; sentences as JSON."""
    said = aftermath(Path(sys.argv[1]), *sys.argv[2:4])
    sys.stdout.buffer.write(msgspec.json.encode(said))


if __name__ == "__main__":
    main()
