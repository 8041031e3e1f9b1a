"""The broker of `hanse dev`: what its database has told stays there, as the database stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.fleet.state import write_whole
from hanse.kit.private_folder import make_private

if TYPE_CHECKING:
    from pathlib import Path

    from hanse.testing.servers.nats_server import NatsServer


def development_broker(state: Path) -> NatsServer:
    """A server for a copy in development, whose streams lie in its state folder and last.

    Raises:
        ConfigurationError: There is no NATS on this machine.
    """
    from hanse.testing.servers.nats_server import NatsServer

    folder = state / "nats"
    make_private(folder)
    return NatsServer(data=folder)


def note_url(state: Path, url: str) -> None:
    """Says where it is, for verbs that look at it while it runs."""
    write_whole(_noted(state), url.encode())


def noted_url(state: Path) -> str:
    """Where it is, or was when it ran last; empty where it never did."""
    try:
        return _noted(state).read_text()
    except OSError:
        return ""


def _noted(state: Path) -> Path:
    return state / "nats" / "url"
