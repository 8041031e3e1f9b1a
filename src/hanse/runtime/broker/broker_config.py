"""Which NATS a host uses, and how much of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from hanse.runtime.config.secret import Secret

STREAM_BYTES = 1024**3
"""What events may take at the broker where nobody says otherwise."""

Seconds = Annotated[float, Meta(gt=0, le=3600)]


class BrokerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How one host reaches its broker. Times are seconds.

    Attributes:
        url: `nats://user:password@host:4222`, or `tls://…`; several of one cluster with commas.
        url_file: A file that says the same and is read each time a connection is opened, for a
            server that may come back elsewhere. One of the two must be given.
        stream_bytes: Of the stream of events at most. When it is full, events wait in the database.
        replicas: On how many servers of a cluster each event lies.
        domain: JetStream's, in which streams lie, where it may be another server's than the one
            that is connected to; empty for that one's own.
        identity: PEM with the host's certificates and their key, for a server that lets nobody in
            without, and says nothing before. Read anew for each connection, as `authority` is.
        authority: PEM with the certificates that the server's must come from.
        inbox: What subjects begin with that answers are sent to.
        nearest_first: Whether the first url is tried first, each time; else any of them may be.
        connect_timeout: For opening a connection.
        request_timeout: For an answer.
        heartbeat: Between signs of life that readers are sent; two that are missing are an end.
    """

    url: Secret | None = None
    url_file: Path | None = None
    stream_bytes: Annotated[int, Meta(ge=1024**2)] = STREAM_BYTES
    replicas: Literal[1, 3, 5] = 1
    domain: str = ""
    identity: Path | None = None
    authority: Path | None = None
    inbox: str = "_INBOX"
    nearest_first: bool = False
    connect_timeout: Seconds = 5.0
    request_timeout: Seconds = 5.0
    heartbeat: Seconds = 5.0

    def __post_init__(self) -> None:
        """Looks at what was given.

        Raises:
            ValueError: It names no broker.
        """
        if (self.url is None) == (self.url_file is None):
            raise ValueError("Give the broker's url or a url_file, one of both.")
        if (self.identity is None) != (self.authority is None):
            raise ValueError("Give the broker's identity and authority, or neither.")
        if self.url is not None and not all(map(_names_server, self.urls())):
            # What was given may hold a password.
            raise ValueError(
                "[broker] url cannot be read. It is like nats://user:password@host:4222 or tls://…,"
                " with anything but letters and digits in a password written as %XX."
            )

    @property
    def api(self) -> str:
        """What subjects begin with by which JetStream is asked."""
        return f"$JS.{self.domain}.API" if self.domain else "$JS.API"

    def urls(self) -> list[str]:
        """Where it is now.

        Raises:
            OSError: The file cannot be read.
        """
        text = self.url.reveal() if self.url else ""
        if self.url_file is not None:
            text = self.url_file.read_text()
        return [part.strip() for part in text.split(",") if part.strip()]


def _names_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"nats", "tls"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
