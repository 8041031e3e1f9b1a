"""Token check as a careful engineer would add it to any of the peers.

All peers share this file, so that none is slower for a worse check. A verified token is kept by
its hash until it expires; the Ed25519 signature is only verified the first time it is seen.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import Any

import jwt

from benchmarks.rpc.terms import AUDIENCE, ISSUER, PERMISSION

TOKENS_MAX = 10_000

_KEY = Path(os.environ["BENCH_PUBLIC_KEY"]).read_text()
_verified: dict[bytes, dict[str, Any]] = {}


class RefusedError(Exception):
    """The caller may not do this; `status` is 401 or 403."""

    def __init__(self, status: int) -> None:
        super().__init__("unauthorized" if status == 401 else "forbidden")
        self.status = status


def check_token(authorization: str | None) -> dict[str, Any]:
    """Claims of a valid bearer token that grants the permission.

    Raises:
        RefusedError: 401 for a missing, forged or expired token, 403 without the permission.
    """
    if not authorization or not authorization.startswith("Bearer "):
        raise RefusedError(401)
    digest = hashlib.sha256(authorization.encode()).digest()
    claims = _verified.get(digest)
    if claims is None or claims["exp"] <= time.time():
        claims = _verify(authorization[7:])
        if len(_verified) >= TOKENS_MAX:
            _verified.clear()
        _verified[digest] = claims
    if PERMISSION not in claims["permissions"]:
        raise RefusedError(403)
    return claims


def _verify(token: str) -> dict[str, Any]:
    try:
        return jwt.decode(token, _KEY, algorithms=["EdDSA"], issuer=ISSUER, audience=AUDIENCE)
    except jwt.PyJWTError as error:
        raise RefusedError(401) from error
