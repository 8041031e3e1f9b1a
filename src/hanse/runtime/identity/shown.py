"""What a connection showed last."""

from __future__ import annotations

from typing import Any

import msgspec


class Shown(msgspec.Struct, eq=False):
    """An `Authorization` header and its fingerprint, kept where the header came from.

    The next request of a connection most often shows the same credentials, and hashing them again
    would be most of the work of looking them up. Only that is saved: whether they still count is
    asked each time. So it is with what tells the visitors of a connection from those of others.

    Attributes:
        value: The header as it came; empty when nothing readable was shown yet.
        digest: `fingerprint` of the credentials in it.
        verified: What they proved when last asked.
        origin: Made of that, for requests that say no more.
        source: The connection's transport, which knows where the peer is.
        client: What tells its visitors from others; None before somebody asked.
        visitor: The origin of those that say nothing of themselves.
    """

    value: bytes = b""
    digest: bytes = b""
    verified: Any = None
    origin: Any = None
    source: Any = None
    client: str | None = None
    visitor: Any = None
