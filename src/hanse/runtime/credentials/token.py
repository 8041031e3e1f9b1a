"""Verifies signed tokens (JWT in compact JWS form) and remembers those that were good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.credentials.claims import read_claims
from hanse.runtime.credentials.compact import TOKEN_LENGTH_MAX, Compact, read_compact
from hanse.runtime.credentials.gate import Gate
from hanse.runtime.credentials.jwks import Fetch, KeySet
from hanse.runtime.credentials.refused import Refused
from hanse.runtime.credentials.signing_key import FixedKeys, Keys
from hanse.runtime.credentials.verified_cache import VerifiedCache, fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hanse.runtime.credentials.issuer import Issuer
    from hanse.runtime.identity.verified import Verified

TOKENS_MAX = 10_000
TOKEN_AGE_MAX = 300.0
UNCHECKED_MAX = 256


class Verifier:
    """Says who a token proves its bearer to be.

    Everything about a token is checked: form, algorithm bound to key, signature, type, issuer,
    audience, times, site, kind. What was good is remembered by the token's hash until the token
    ends or for five minutes, whichever is sooner.

    Attributes:
        find: What the token with a fingerprint proved lately; None if it must be verified.
    """

    def __init__(
        self,
        issuers: Iterable[Issuer],
        clock: Callable[[], float],
        fetch: Fetch | None = None,
        *,
        tokens_max: int = TOKENS_MAX,
        unchecked_max: int = UNCHECKED_MAX,
    ) -> None:
        """Reads fixed keys; fetches nothing yet.

        Args:
            issuers: Whose tokens count.
            clock: Seconds since the epoch.
            fetch: Gets the keys of issuers with a `jwks_url`.
            tokens_max: How many good tokens are remembered.
            unchecked_max: How many unknown tokens of one issuer may wait for their check at once.

        Raises:
            ConfigurationError: Two issuers share a name, a key cannot be used, or `fetch` lacks.
        """
        self._clock = clock
        self._cache = VerifiedCache(clock, limit=tokens_max, age_max=TOKEN_AGE_MAX)
        self.find = self._cache.find
        # A gate for each issuer: one whose keys hang, or whose name forgers use, fills its own.
        self._issuers: dict[str, tuple[Issuer, Keys, Gate]] = {}
        for issuer in issuers:
            if issuer.issuer in self._issuers:
                raise ConfigurationError(f"Issuer {issuer.issuer} is listed twice; merge them.")
            keys = _keys(issuer, fetch, clock)
            self._issuers[issuer.issuer] = (issuer, keys, Gate(unchecked_max))

    def cached(self, token: str) -> Verified | None:
        """What `token` proved lately; None if it must be verified."""
        if len(token) > TOKEN_LENGTH_MAX or not token.isascii():
            return None
        return self._cache.find(fingerprint(token))

    async def verify(self, token: str) -> Verified:
        """What `token` proves.

        Raises:
            Refused: It does not count (an `Unauthenticated`).
            ResourceExhausted: Too many unknown tokens at once.
            Unavailable: The issuer's keys cannot be had.
        """
        known = self.cached(token)
        if known is not None:
            return known
        compact = read_compact(token)
        digest = fingerprint(token)
        self._cache.check_not_refused(digest)
        try:
            return await self._verify(compact, digest)
        except Refused as refusal:
            self._cache.keep_refusal(digest, refusal)
            raise

    async def _verify(self, token: Compact, digest: bytes) -> Verified:
        issuer, keys, gate = self._issuer(token)
        if token.algorithm not in issuer.algorithms:
            raise Refused("algorithm", "The token's algorithm (alg) is not its issuer's.")
        with gate:
            key = await keys.find(token.key_id, token.algorithm)
            if key is None:
                raise Refused("key", "The token names no key of its issuer (kid).", lasting=False)
            if token.algorithm not in key.algorithms:
                raise Refused("algorithm", "The token's algorithm (alg) is not its key's.")
            await gate.turn()
            # From here on nothing waits, so a revocation comes either before or after all of it.
            known = self._cache.find(digest)
            if known is not None:  # the same token, checked for another call meanwhile
                return known
            if not key.check(token.signed, token.signature):
                raise Refused("signature", "The token's signature is wrong.")
            verified = read_claims(token, issuer, now=self._clock())
            self._cache.keep(digest, verified)
            return verified

    def _issuer(self, token: Compact) -> tuple[Issuer, Keys, Gate]:
        name = token.claims.get("iss")
        found = self._issuers.get(name) if isinstance(name, str) else None
        if found is None:
            raise Refused("issuer", "The token's issuer (iss) does not count here.")
        return found

    def revoke_token(self, token_id: str, *, until: float) -> None:
        """As `VerifiedCache.revoke_token`, with the token's `jti`."""
        self._cache.revoke_token(token_id, until=until)

    def revoke_principal(self, principal_id: str, *, until: float) -> None:
        """As `VerifiedCache.revoke_principal`."""
        self._cache.revoke_principal(principal_id, until=until)

    async def close(self) -> None:
        """Ends running fetches of keys."""
        for _, keys, _ in self._issuers.values():
            if isinstance(keys, KeySet):
                await keys.close()

    def statistics(self) -> dict[str, int]:
        """How many tokens are remembered, refused, revoked, and waiting for their check."""
        unchecked = sum(gate.inside for _, _, gate in self._issuers.values())
        return {**self._cache.statistics(), "unchecked": unchecked}


def _keys(issuer: Issuer, fetch: Fetch | None, clock: Callable[[], float]) -> Keys:
    if issuer.keys is not None:
        return FixedKeys(issuer.keys, issuer=issuer.issuer)
    assert issuer.jwks_url is not None, "An Issuer has keys or a jwks_url."
    if fetch is None:
        raise ConfigurationError(
            f"Issuer {issuer.issuer} has a jwks_url, but this host has no way to fetch it."
        )
    return KeySet(issuer.jwks_url, fetch, clock)
