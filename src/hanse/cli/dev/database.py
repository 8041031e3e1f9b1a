"""The database of `hanse dev`: that of `hanse up` is another, so that neither meets the other's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.kit.private_folder import make_private
from hanse.runtime.config.installed import find_postgres

if TYPE_CHECKING:
    from pathlib import Path

    from hanse.testing.postgres_server import PostgresServer


def development_database(state: Path) -> PostgresServer:
    """A server for a copy in development, whose data lies in its state folder and lasts.

    Raises:
        ConfigurationError: There is no PostgreSQL on this machine.
    """
    from hanse.testing.postgres_server import PostgresServer

    programs = find_postgres()
    folder = state / "postgres"
    make_private(folder)
    return PostgresServer(programs.folder, data=folder / programs.version)
