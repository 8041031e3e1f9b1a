"""The database of `hanse dev`: that of `hanse up` is another, so that neither meets the other's."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hanse.cli.refusal import Refused
from hanse.kit.private_folder import make_private
from hanse.runtime.config.installed import find_postgres

if TYPE_CHECKING:
    from collections.abc import Generator

    from hanse.testing.servers.postgres_server import PostgresServer

KEYS = "keys"
"""Beside it the folder of its keyring: `[keys] folder` is that of another database."""


def development_database(state: Path) -> PostgresServer:
    """A server for a copy in development, whose data lies in its state folder and lasts.

    Raises:
        ConfigurationError: There is no PostgreSQL on this machine.
    """
    from hanse.testing.servers.postgres_server import PostgresServer

    programs = find_postgres()
    folder = state / "postgres"
    make_private(folder)
    return PostgresServer(programs.folder, data=folder / programs.version)


@contextmanager
def opened_database(state: Path) -> Generator[str]:
    """The URL of the database of `hanse dev`; where that does not run, it is on for the block.

    Raises:
        Refused: There is none, as `hanse dev` made none yet.
        ConfigurationError: It does not start.
    """
    programs = find_postgres()
    data = state / "postgres" / programs.version
    if not data.exists():
        raise Refused("hanse dev has made no database here yet. Begin it once: hanse dev")
    url = _running(data)
    if url is not None:
        yield url
        return
    with development_database(state) as server:
        yield server.url()


def _running(data: Path) -> str | None:
    """Where the server over a folder of data listens, as its own file says; None if none does."""
    from hanse.testing.servers.postgres_server import USER

    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        os.kill(int(lines[0]), 0)
        folder = Path(lines[4].strip())
    except (OSError, ValueError, IndexError):
        return None
    listens = (folder / ".s.PGSQL.5432").exists()
    return f"postgresql://{USER}@/postgres?host={folder}" if listens else None
