"""What a key's row shows without the key itself: nothing of the key, the request or the answer."""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hanse.runtime.data.personal.subject_key import BrokenSeal, decrypt, encrypt

if TYPE_CHECKING:
    from hanse.runtime.data.personal.keyring import Keyring

NAME_BYTES = 16

_encode = msgspec.json.Encoder().encode


class KeySeal:
    """Seals what is kept under one Idempotency-Key.

    All of it follows from the keyring and the key, which is kept nowhere: who copies the database
    and the keyring still lacks it.

    Args:
        ring: Of the database.
        owner: Whose key it is: site, principal, method, and the key as it was sent.

    Attributes:
        name: What stands for the key in the table.
    """

    __slots__ = ("_secret", "name")

    def __init__(self, ring: Keyring, *owner: str) -> None:
        said = _encode(owner)
        name = hmac.digest(ring.derived(b"names of idempotency keys"), said, "sha256")
        self.name = base64.urlsafe_b64encode(name[:NAME_BYTES]).decode().rstrip("=")
        self._secret = hmac.digest(ring.derived(b"what idempotency keys seal"), said, "sha256")

    def digest(self, body: bytes) -> bytes:
        """What tells one request from another: its arguments as they were read, in one spelling."""
        return hmac.digest(self._secret, b"request" + body, "sha256")

    def seal(self, answer: bytes, *, failed: bool) -> bytes:
        """An answer as it is kept."""
        return encrypt(self._cipher, answer, _kind(failed))

    def open(self, sealed: bytes, *, failed: bool) -> bytes:
        """The answer that was kept.

        Raises:
            BrokenSeal: It is another key's, or was kept by a release that did not seal.
        """
        try:
            return decrypt(self._cipher, sealed, _kind(failed))
        except ValueError as error:
            raise BrokenSeal("What is kept under this key cannot be read.") from error

    @property
    def _cipher(self) -> AESGCM:
        return AESGCM(hmac.digest(self._secret, b"answer", "sha256"))


def _kind(failed: bool) -> bytes:  # noqa: FBT001  one value, which says itself
    return b"error" if failed else b"answer"
