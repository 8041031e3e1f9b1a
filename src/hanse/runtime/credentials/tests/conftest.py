"""A counterfeiter's workshop: keys, a clock, and tokens put together by hand, byte by byte."""

import base64
import json

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

NOW = 1_800_000_000.0


class StandingClock:
    """Seconds since the epoch that move only when told to."""

    def __init__(self):
        self.seconds = NOW

    def __call__(self):
        return self.seconds


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def number(value: int, size: int | None = None) -> str:
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


class Workshop:
    """Signs whatever it is given, without looking."""

    def __init__(self):
        self.ed = ed25519.Ed25519PrivateKey.generate()
        self.ed_named_eddsa = ed25519.Ed25519PrivateKey.generate()
        self.ed_spare = ed25519.Ed25519PrivateKey.generate()
        self.ec = ec.generate_private_key(ec.SECP256R1())
        self.stranger = ed25519.Ed25519PrivateKey.generate()
        self.rsa = rsa.generate_private_key(65537, 2048)

    def jwk(self, key, **members):
        public = key.public_key()
        if isinstance(public, ed25519.Ed25519PublicKey):
            made = {"kty": "OKP", "crv": "Ed25519", "x": b64(public.public_bytes_raw())}
        elif isinstance(public, ec.EllipticCurvePublicKey):
            n = public.public_numbers()
            made = {"kty": "EC", "crv": "P-256", "x": number(n.x, 32), "y": number(n.y, 32)}
        else:
            n = public.public_numbers()
            made = {"kty": "RSA", "n": number(n.n), "e": number(n.e)}
        return {**made, **members}

    def key_set(self):
        return {
            "keys": [
                self.jwk(self.ed, kid="main", alg="Ed25519", use="sig"),
                self.jwk(self.ed_named_eddsa, kid="eddsa", alg="EdDSA"),
                self.jwk(self.ed_spare, kid="spare", alg="Ed25519"),
                self.jwk(self.ec, kid="curve", key_ops=["verify"]),
            ]
        }

    def claims(self, **changes):
        made = {
            "iss": "https://id.example",
            "aud": "hanse",
            "sub": "u-1",
            "kind": "member",
            "scope": "crm.contacts.read crm.contacts.write",
            "site": "acme",
            "iat": NOW - 10,
            "nbf": NOW - 10,
            "exp": NOW + 600,
            "jti": "t-1",
            **changes,
        }
        return {name: value for name, value in made.items() if value is not ...}

    def header(self, **changes):
        made = {"alg": "Ed25519", "typ": "at+jwt", "kid": "main", **changes}
        return {name: value for name, value in made.items() if value is not ...}

    def token(self, header=None, claims=None, *, key=None):
        """A token of these parts; each a dict, or the very bytes."""
        parts = [
            b64(part if isinstance(part, bytes) else json.dumps(part).encode())
            for part in (
                self.header() if header is None else header,
                self.claims() if claims is None else claims,
            )
        ]
        return self.sign(".".join(parts), key)

    def sign(self, text: str, key=None) -> str:
        return f"{text}.{b64(self.signature(text.encode(), key or self.ed))}"

    def signature(self, message: bytes, key) -> bytes:
        if isinstance(key, ed25519.Ed25519PrivateKey):
            return key.sign(message)
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(message, PKCS1v15(), hashes.SHA256())
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


@pytest.fixture
def clock():
    return StandingClock()


@pytest.fixture(scope="session")
def workshop():
    return Workshop()
