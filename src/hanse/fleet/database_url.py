"""Where the embedded PostgreSQL is reached: on a socket in the state folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from hanse.fleet.state import StateFolder

USER = "hanse"
DATABASE = "postgres"
PORT = 5432
"""Of no network: it is a part of the socket's name."""

SOCKET_FOLDER_LENGTH = 80
"""Bytes of a folder below which any system takes a socket's path."""

OWN_FOLDER = Path("/proc/self/cwd")
"""The working directory, in which the state folder lies, by another and shorter path."""


def database_url(state: StateFolder) -> str:
    """Where its hosts find it."""
    return socket_url(state.postgres)


def socket_url(place: Path) -> str:
    """A server whose socket lies in a folder: by a path that is absolute and still short enough.

    Args:
        place: The folder, as seen from the working directory.
    """
    folder = place.resolve()
    if len(str(folder)) > SOCKET_FOLDER_LENGTH and OWN_FOLDER.exists():
        folder = OWN_FOLDER / place
    query = urlencode({"host": str(folder), "port": PORT})
    return f"postgresql://{USER}@/{DATABASE}?{query}"
