"""The key of one person: seals what is theirs, and opens it."""

from __future__ import annotations

import base64
import hmac
import secrets
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hanse.runtime.errors import Internal

NONCE_BYTES = 12
TAG_BYTES = 16
MARK_BYTES = 8


class BrokenSeal(Internal):
    """What is sealed was not sealed under this key, or in another place, or was changed."""

    code = "broken_seal"


class SubjectKey:
    """Seals and opens. Two of them are one key if their marks are.

    Args:
        key: 32 bytes.

    Attributes:
        mark: Tells the key from one that the same person had before, and nothing else of it.
    """

    __slots__ = ("_cipher", "mark")

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self.mark = hmac.digest(key, b"hanse mark", "sha256")[:MARK_BYTES]

    def seal(self, plain: bytes, bound: bytes) -> str:
        """A text that only this key opens, and only for the same place.

        Args:
            plain: What to seal.
            bound: Says where it stands, so that it cannot be moved.
        """
        return base64.urlsafe_b64encode(encrypt(self._cipher, plain, bound)).decode().rstrip("=")

    def open(self, sealed: str, bound: bytes) -> bytes:
        """What was sealed.

        Raises:
            BrokenSeal: It was not, by this key and for this place.
        """
        try:
            return decrypt(self._cipher, base64.urlsafe_b64decode(sealed + "=="), bound)
        except ValueError as error:
            raise BrokenSeal("What is sealed cannot be opened.") from error


class NewKey(NamedTuple):
    """A key that nobody has kept yet: the statement that first uses it inserts its row.

    Attributes:
        key: To seal with.
        wrapped: As the row has it.
        generation: What it is wrapped under; the statement sees that this is still the newest.
    """

    key: SubjectKey
    wrapped: bytes
    generation: int


def encrypt(cipher: AESGCM, plain: bytes, bound: bytes) -> bytes:
    """Nonce, ciphertext and tag."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plain, bound)


def decrypt(cipher: AESGCM, sealed: bytes, bound: bytes) -> bytes:
    """What was encrypted.

    Raises:
        ValueError: It was not, by this key and for this place.
    """
    if len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise ValueError("too short to be sealed")
    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)
    except InvalidTag as error:
        raise ValueError("sealed by another key or for another place") from error
