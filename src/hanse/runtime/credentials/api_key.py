"""API keys: how they are made, told apart from typing errors, stored as hashes, and checked."""

from __future__ import annotations

import binascii
import hmac
import re
import secrets
from math import inf
from typing import TYPE_CHECKING, Protocol

import msgspec

from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.credentials.gate import Gate
from hanse.runtime.credentials.refused import Refused
from hanse.runtime.credentials.verified_cache import VerifiedCache, fingerprint
from hanse.runtime.identity.principal import Principal
from hanse.runtime.identity.verified import Verified

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hanse.runtime.config.secret import Secret

PREFIX = "hk_"
KEYS_MAX = 10_000
KEY_AGE_MAX = 60.0
"""Seconds an answer of the store is believed: a key deleted there is dead within them."""
LOOKUPS_MAX = 256

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID_LENGTH = 12
_SECRET_BYTES = 32
_SECRET_LENGTH = 43
"""62 ** 43 is just more than 2 ** 256."""
_SUM_LENGTH = 6
_PATTERN = re.compile(r"hk_([0-9A-Za-z]{12})_[0-9A-Za-z]{49}")
_PEPPER_LENGTH_MIN = 16


class StoredKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is kept of an API key: never the key.

    Attributes:
        id: The public part, 12 characters, by which it is found, listed and revoked.
        hash: HMAC-SHA256 of the whole key under the pepper, 64 hexadecimal digits.
        principal: Whom it stands for; never a visitor.
        site: The site it is for; empty when it is not bound to one.
        expires_at: When it ends, seconds since the epoch; None for never.
        revoked: Whether it was taken back.
    """

    id: str
    hash: str
    principal: Principal
    site: str = ""
    expires_at: float | None = None
    revoked: bool = False


class ApiKeys(Protocol):
    """Where stored keys are found."""

    async def find(self, key_id: str) -> StoredKey | None:
        """The key with this public id."""
        ...


class StaticApiKeys:
    """Keys from a list, e.g. of `hanse.toml`."""

    def __init__(self, keys: Iterable[StoredKey]) -> None:
        self._keys = {key.id: key for key in keys}

    async def find(self, key_id: str) -> StoredKey | None:
        return self._keys.get(key_id)


class KeyMint:
    """Makes and compares API keys under one pepper.

    The secret has 256 random bits, so a fast hash is enough: there is no dictionary to try. The
    pepper makes a stolen table of hashes useless for planting keys as well.
    """

    def __init__(
        self, pepper: Secret, randomness: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        """Takes the pepper.

        Raises:
            ConfigurationError: The pepper is shorter than 16 characters.
        """
        self._pepper = pepper.reveal().encode()
        self._randomness = randomness
        if len(self._pepper) < _PEPPER_LENGTH_MIN:
            raise ConfigurationError(
                f"The pepper of API keys has fewer than {_PEPPER_LENGTH_MIN} characters; "
                "make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
            )

    def mint(
        self, principal: Principal, *, site: str = "", expires_at: float | None = None
    ) -> tuple[str, StoredKey]:
        """A new key: its text, to be shown once, and what to store.

        Args:
            principal: Whom it stands for.
            site: The site it is for; empty for none.
            expires_at: When it ends, seconds since the epoch; None for never.
        """
        # 62 ** 12 is less than 2 ** 72; the remainder's bias does not matter for a public id.
        key_id = _base62(int.from_bytes(self._randomness(9), "big"), _ID_LENGTH)
        secret = _base62(int.from_bytes(self._randomness(_SECRET_BYTES), "big"), _SECRET_LENGTH)
        body = f"{PREFIX}{key_id}_{secret}"
        plain = body + _checksum(body)
        stored = StoredKey(
            id=key_id,
            hash=self.hash(plain),
            principal=principal,
            site=site,
            expires_at=expires_at,
        )
        return plain, stored

    def hash(self, plain: str) -> str:
        """What is stored of the key `plain`."""
        return hmac.digest(self._pepper, plain.encode(), "sha256").hex()


def public_id(plain: str) -> str | None:
    """The public id of an API key, or None if it is misspelled: what a secret scanner asks."""
    found = _PATTERN.fullmatch(plain)
    if found is None or _checksum(plain[:-_SUM_LENGTH]) != plain[-_SUM_LENGTH:]:
        return None
    return found[1]


class ApiKeyVerifier:
    """Says whom an API key stands for, and remembers it for a minute by the key's hash.

    Attributes:
        find: Whom the key with a fingerprint stood for lately; None if it must be verified.
    """

    def __init__(self, keys: ApiKeys, mint: KeyMint, clock: Callable[[], float]) -> None:
        self._keys = keys
        self._mint = mint
        self._clock = clock
        self._cache = VerifiedCache(clock, limit=KEYS_MAX, age_max=KEY_AGE_MAX)
        self.find = self._cache.find
        self._gate = Gate(LOOKUPS_MAX)

    def cached(self, plain: str) -> Verified | None:
        """Whom this key stood for lately; None if it must be verified."""
        if len(plain) > _KEY_LENGTH or not plain.isascii():
            return None
        return self._cache.find(fingerprint(plain))

    async def verify(self, plain: str) -> Verified:
        """Whom this key stands for.

        Raises:
            Refused: It does not count (an `Unauthenticated`).
            ResourceExhausted: Too many unknown keys at once.
        """
        known = self.cached(plain)
        if known is not None:
            return known
        key_id = public_id(plain)
        if key_id is None:
            raise Refused("malformed", "The API key is misspelled: its checksum does not fit.")
        digest = fingerprint(plain)
        self._cache.check_not_refused(digest)
        with self._gate:
            stored = await self._keys.find(key_id)
        try:
            verified = self._check(plain, stored)
            self._cache.keep(digest, verified)
        except Refused as refusal:
            self._cache.keep_refusal(digest, refusal)
            raise
        return verified

    def _check(self, plain: str, stored: StoredKey | None) -> Verified:
        # An unknown id costs the same comparison, and both fail with the same words.
        expected = stored.hash if stored is not None else ""
        fits = hmac.compare_digest(self._mint.hash(plain).encode(), expected.lower().encode())
        if stored is None or not fits:
            raise Refused("unknown", "The API key is not known here.")
        if stored.revoked:
            raise Refused("revoked", "The API key was revoked.")
        if stored.expires_at is not None and self._clock() >= stored.expires_at:
            raise Refused("expired", "The API key has expired.")
        if stored.principal.kind == "visitor":
            raise Refused("kind", "The API key stands for nobody.")
        ends = inf if stored.expires_at is None else stored.expires_at
        return Verified(stored.principal, stored.site, ends, stored.id)

    def revoke_token(self, token_id: str, *, until: float) -> None:
        """As `VerifiedCache.revoke_token`, with the key's public id."""
        self._cache.revoke_token(token_id, until=until)

    def revoke_principal(self, principal_id: str, *, until: float) -> None:
        """As `VerifiedCache.revoke_principal`: all keys of this principal, for good."""
        self._cache.revoke_principal(principal_id, until=until)

    def statistics(self) -> dict[str, int]:
        """How many keys are remembered, refused, revoked, and being looked up."""
        return {**self._cache.statistics(), "unchecked": self._gate.inside}


_KEY_LENGTH = len(PREFIX) + _ID_LENGTH + 1 + _SECRET_LENGTH + _SUM_LENGTH


def _base62(number: int, length: int) -> str:
    digits: list[str] = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))


def _checksum(body: str) -> str:
    return _base62(binascii.crc32(body.encode()), _SUM_LENGTH)
