"""Signatures as Standard Webhooks makes them (github.com/standard-webhooks, 1.0.0)."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets

from hanse.runtime.config.secret import Secret

PREFIX = "whsec_"
KEY_BYTES = 32

ID_HEADER = "webhook-id"
TIME_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"


def new_secret() -> Secret:
    """A key that nobody has yet."""
    return Secret(PREFIX + base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode())


def key_in(secret: Secret) -> bytes:
    """The bytes of a key.

    Raises:
        ValueError: It is no `whsec_` with base64 behind it; the sentence does not contain it.
    """
    try:
        key = base64.b64decode(secret.reveal().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise ValueError(f"A secret of Standard Webhooks is {PREFIX} and base64 behind it.")
    return key


def signature_of(secret: Secret, id: str, seconds: int, body: bytes) -> str:
    """What proves that whoever has the key sent this, then."""
    signed = f"{id}.{seconds}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key_in(secret), signed, "sha256")).decode()
