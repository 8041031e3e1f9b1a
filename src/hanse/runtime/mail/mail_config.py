"""By which server a host's letters go."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

import msgspec

from hanse.runtime.config.secret import Secret
from hanse.runtime.mail.address import is_address

PORTS = {"smtp": 587, "smtps": 465}

CONNECTIONS = 4
TIMEOUT_SECONDS = 60.0

ANSWER_SECONDS = 600.0
"""For the answer to the text. Who goes earlier sends doubles (RFC 5321, 4.5.3.2.6)."""


class MailConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How letters are sent. Without a URL none is: they are kept, and an inbox shows them.

    Attributes:
        url: `smtp://user:password@mail.example.org:587`, where the connection is encrypted by
            STARTTLS, or `smtps://…:465`, where it is from its beginning.
        sender: Whose letters they are: `careers@example.org`.
        sender_name: What people see of that.
        tls: "off" sends in clear, to a server on this machine or one for tests; no password then.
        authority: Certificates to trust the server by, instead of those of this machine.
        connections: To the server at once, of one host.
        timeout: Seconds that each answer of the server may take; that to the text has ten minutes.

    Raises:
        ValueError: The URL is none, has a password that would be sent in clear, or the sender is no
            address.
    """

    url: Secret | None = None
    sender: str = ""
    sender_name: str = ""
    tls: Literal["required", "off"] = "required"
    authority: Path | None = None
    connections: int = CONNECTIONS
    timeout: float = TIMEOUT_SECONDS

    def __post_init__(self) -> None:
        if self.url is None:
            return
        server = server_of(self.url)
        if not is_address(self.sender) or not self.sender.isascii():
            raise ValueError("mail.sender: whose letters are sent? Like careers@example.org.")
        if self.tls == "off" and (server.password or server.encrypted):
            raise ValueError(
                'mail.tls is "off": that is for smtp:// without a password, which would be sent in '
                "clear."
            )


class Server(msgspec.Struct, frozen=True):
    """Where a mail server is, and who asks it.

    Attributes:
        host: Its name.
        port: Its port.
        encrypted: Whether from the first byte.
        user: Who asks; empty for nobody.
        password: What proves it.
    """

    host: str
    port: int
    encrypted: bool
    user: str
    password: str

    def __repr__(self) -> str:
        return f"Server({self.host}:{self.port})"


def server_of(url: Secret) -> Server:
    """What a URL says.

    Raises:
        ValueError: It is none.
    """
    try:
        parts = urlsplit(url.reveal())
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in PORTS or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("mail.url is like smtp://user:password@mail.example.org:587.")
    return Server(
        parts.hostname,
        port or PORTS[parts.scheme],
        parts.scheme == "smtps",
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )
