"""Takes a signed token apart (RFC 7515, compact form) without believing any of it yet."""

from __future__ import annotations

from typing import Any

import msgspec

from hanse.runtime.credentials.refused import Refused
from hanse.runtime.credentials.strict_json import read_base64url, read_object

TOKEN_LENGTH_MAX = 8_192
_HEADER_TEXT_MAX = 200


class Compact(msgspec.Struct, frozen=True):
    """A token's parts. Nothing here is proven before the signature is.

    Attributes:
        algorithm: Header `alg`.
        key_id: Header `kid`: a key of a map, never a path, a URL or part of a query.
        typ: Header `typ`, lower case, without `application/` (RFC 7515 section 4.1.9).
        claims: The payload.
        signed: What the signature is over.
        signature: The signature.
    """

    algorithm: str
    key_id: str | None
    typ: str | None
    claims: dict[str, Any]
    signed: bytes
    signature: bytes


def read_compact(token: str) -> Compact:
    """The parts of `token`; keys it brings along itself (`jwk`, `jku`, `x5u`, `x5c`) are not read.

    Raises:
        Refused: The token is too long or not well formed.
    """
    if len(token) > TOKEN_LENGTH_MAX:
        raise Refused("oversized", f"The token is longer than {TOKEN_LENGTH_MAX} characters.")
    parts = token.split(".", 3)
    try:
        header_raw, payload_raw, signature = map(read_base64url, parts)
    except ValueError:
        raise Refused(
            "malformed",
            "The token is not three parts of unpadded base64url, joined with dots.",
        ) from None
    header = _object(header_raw, "header")
    if "crit" in header or "b64" in header:
        raise Refused("critical", "The token's header asks for an extension (crit, b64).")
    typ = _text(header, "typ")
    return Compact(
        algorithm=_text(header, "alg") or "",
        key_id=_text(header, "kid"),
        typ=None if typ is None else typ.lower().removeprefix("application/"),
        claims=_object(payload_raw, "payload"),
        signed=f"{parts[0]}.{parts[1]}".encode("ascii"),
        signature=signature,
    )


def _object(raw: bytes, part: str) -> dict[str, Any]:
    try:
        return read_object(raw)
    except ValueError:
        raise Refused(
            "malformed",
            f"The token's {part} is not a JSON object in UTF-8 with unique members and "
            "finite numbers.",
        ) from None


def _text(header: dict[str, Any], name: str) -> str | None:
    if name not in header:
        return None
    value = header[name]
    if not isinstance(value, str) or len(value) > _HEADER_TEXT_MAX:
        raise Refused(
            "malformed",
            f"The token's header {name} is not a text of at most {_HEADER_TEXT_MAX} characters.",
        )
    return value
