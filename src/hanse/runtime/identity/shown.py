"""What a connection showed last."""

from __future__ import annotations

import msgspec


class Shown(msgspec.Struct, eq=False):
    """An `Authorization` header and its fingerprint, kept where the header came from.

    The next request of a connection most often shows the same credentials, and hashing them again
    would be most of the work of looking them up. Only that is saved: whether they still count is
    asked each time.

    Attributes:
        value: The header as it came; empty when nothing readable was shown yet.
        digest: `fingerprint` of the credentials in it.
    """

    value: bytes = b""
    digest: bytes = b""
