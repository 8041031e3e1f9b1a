"""The request every server of `rpc` gets, the keys behind its token, and the right answers."""

from __future__ import annotations

import base64
import http.client
import json
import secrets
import time
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.load import Load, LoadError, post
from benchmarks.rpc.terms import AUDIENCE, ISSUER, PERMISSION

if TYPE_CHECKING:
    from pathlib import Path

PATH = "/greeter/v1/greetings"
KEY_ID = "bench"
_NAMES = [f"Reader {number:03d}" for number in range(256)]


class Issuer:
    """Makes tokens with a key that lives as long as the run.

    `settings` tells a server where the public key is: BENCH_PUBLIC_KEY as PEM, BENCH_JWKS as a
    JSON Web Key Set.
    """

    def __init__(self, folder: Path) -> None:
        self._key = Ed25519PrivateKey.generate()
        public = self._key.public_key()
        pem, jwks = folder / "public.pem", folder / "jwks.json"
        pem.write_bytes(
            public.public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )
        x = base64.urlsafe_b64encode(public.public_bytes_raw()).rstrip(b"=").decode()
        key = {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": KEY_ID, "alg": "EdDSA", "use": "sig"}
        jwks.write_text(json.dumps({"keys": [key]}))
        self.settings = {"BENCH_PUBLIC_KEY": str(pem), "BENCH_JWKS": str(jwks)}

    def token(self, **changed: Any) -> str:
        """A good token for an hour, or with some claims changed."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "user-1",
            "iat": now,
            "exp": now + 3600,
            "permissions": [PERMISSION],
            "kind": "member",
            **changed,
        }
        headers = {"kid": KEY_ID, "typ": "at+jwt"}
        return jwt.encode(claims, self._key, algorithm="EdDSA", headers=headers)


def load(token: str) -> Load:
    """256 requests of equal length, each with its own name and trace, so nothing can be memoised.

    The same JSON with and without the optional space is a right answer.
    """
    requests = [_request(token, name) for name in _NAMES]
    compact = [json.dumps({"text": f"Hello, {name}"}, separators=(",", ":")) for name in _NAMES]
    spaced = [json.dumps({"text": f"Hello, {name}"}) for name in _NAMES]
    return Load(requests, [text.encode() for text in compact + spaced])


def check_refusals(port: int, issuer: Issuer) -> None:
    """Prove that a server does the checks it is measured with.

    Raises:
        LoadError: It answered one of the requests with another status than it must.
    """
    good, forged = issuer.token(), issuer.token()[:-12] + "A" * 12
    past = issuer.token(exp=int(time.time()) - 60)
    body_faults = {400, 413, 422}
    trials: list[tuple[str, str | None, bytes, set[int]]] = [
        ("a good request", good, b'{"name":"Ada"}', {200}),
        ("no token", None, b'{"name":"Ada"}', {401}),
        ("a forged token", forged, b'{"name":"Ada"}', {401}),
        ("an expired token", past, b'{"name":"Ada"}', {401}),
        ("another audience", issuer.token(aud="other"), b'{"name":"Ada"}', {401}),
        # Robyn's authentication handler can only answer 401; what matters is that it refuses.
        ("no permission", issuer.token(permissions=["x"]), b'{"name":"Ada"}', {401, 403}),
        ("a name too long", good, b'{"name":"%s"}' % (b"x" * 101), body_faults),
        ("an empty name", good, b'{"name":""}', body_faults),
        ("a name that is a number", good, b'{"name":7}', body_faults),
        ("no name", good, b"{}", body_faults),
        ("broken JSON", good, b'{"name":', body_faults),
    ]
    for what, token, body, allowed in trials:
        status, answer = _ask(port, token, body)
        if status not in allowed:
            raise LoadError(f"answered {what} with {status}, not one of {sorted(allowed)}")
        if status == 200 and json.loads(answer) != {"text": "Hello, Ada"}:
            raise LoadError(f"answered {what} with {answer[:200]!r}")


def _request(token: str, name: str) -> bytes:
    body = json.dumps({"name": name}, separators=(",", ":")).encode()
    trace = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
    return post(PATH, body, {"Authorization": f"Bearer {token}", "traceparent": trace})


def _ask(port: int, token: str | None, body: bytes) -> tuple[int, bytes]:
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", PATH, body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()
