"""Remembers what credentials proved, what did not count, and what was revoked."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from hanse.runtime.credentials.recent import Recent
from hanse.runtime.credentials.refused import Refused
from hanse.runtime.errors import ResourceExhausted

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.runtime.identity.verified import Verified

REFUSALS_MAX = 2_000
REFUSAL_AGE_MAX = 10.0
"""Seconds. Long enough to take the sting out of a client that repeats a dead token in a loop."""
REVOCATIONS_MAX = 100_000
LEEWAY_MAX = 300.0
"""Seconds that any clock may be off: a revocation outlives its token by as much."""


def fingerprint(credentials: str) -> bytes:
    """BLAKE2b-256 of a token or key, in half the time of SHA-256 as Python calls it.

    Caches are keyed by it and never by the text: nothing that opens a door is kept longer than the
    connection that showed it, and looking up a digest tells nothing about a token by how long its
    comparison takes.
    The text is ASCII; callers refuse anything else before.
    """
    return blake2b(credentials.encode(), digest_size=32).digest()


class VerifiedCache:
    """Verified credentials by fingerprint, at most `limit` of them, each for `age_max` seconds.

    Refusals live in a map of their own, so that a flood of garbage evicts only garbage.
    """

    def __init__(self, clock: Callable[[], float], *, limit: int, age_max: float) -> None:
        self._clock = clock
        self._age_max = age_max
        self._verified: Recent[tuple[float, Verified]] = Recent(limit)
        self._refused: Recent[tuple[float, str, str]] = Recent(REFUSALS_MAX)
        self._revoked_tokens: dict[str, float] = {}
        self._revoked_principals: dict[str, tuple[float, float]] = {}

    def find(self, digest: bytes) -> Verified | None:
        """What these credentials proved lately, if that still holds."""
        entry = self._verified.get(digest)
        return entry[1] if entry is not None and entry[0] > self._clock() else None

    def keep(self, digest: bytes, verified: Verified) -> None:
        """Remembers until the credentials end, `age_max` at most.

        Raises:
            Refused: They were revoked.
        """
        self._check_not_revoked(verified)
        until = min(verified.expires_at, self._clock() + self._age_max)
        self._verified.put(digest, (until, verified))

    def check_not_refused(self, digest: bytes) -> None:
        """Does nothing unless these credentials were refused a moment ago.

        Raises:
            Refused: They were; the same reason again.
        """
        entry = self._refused.get(digest)
        if entry is not None and entry[0] > self._clock():
            # A new exception each time: a kept one would gather a traceback with every raise.
            raise Refused(entry[1], entry[2])

    def keep_refusal(self, digest: bytes, refusal: Refused) -> None:
        """Remembers a refusal for a moment, if it is one that lasts."""
        if refusal.lasting:
            until = self._clock() + REFUSAL_AGE_MAX
            self._refused.put(digest, (until, refusal.reason, refusal.detail))

    def revoke_token(self, token_id: str, *, until: float) -> None:
        """Refuses the credentials with this id from now on, and until they end anyway.

        Args:
            token_id: `jti` of a token or public id of an API key.
            until: When the credentials end, seconds since the epoch.

        Raises:
            ResourceExhausted: Too many revocations are remembered to add one. Forgetting another
                instead would give somebody's stolen token back its power.
        """
        assert token_id, "Credentials without an id are revoked by their principal."
        self._verified.drop_where(lambda entry: entry[1].token_id == token_id)
        self._make_room()
        self._revoked_tokens[token_id] = until

    def revoke_principal(self, principal_id: str, *, until: float) -> None:
        """Refuses what this principal was issued up to now; what it is issued later counts again.

        Args:
            principal_id: `Principal.id`.
            until: When the last of those credentials ends, seconds since the epoch.

        Raises:
            ResourceExhausted: As for `revoke_token`.
        """
        self._verified.drop_where(lambda entry: entry[1].principal.id == principal_id)
        self._make_room()
        self._revoked_principals[principal_id] = (self._clock(), until)

    def statistics(self) -> dict[str, int]:
        """How many of each are remembered."""
        return {
            "verified": len(self._verified),
            "refused": len(self._refused),
            "revoked": len(self._revoked_tokens) + len(self._revoked_principals),
        }

    def _check_not_revoked(self, verified: Verified) -> None:
        if verified.token_id in self._revoked_tokens:
            raise _revoked()
        revoked = self._revoked_principals.get(verified.principal.id)
        if revoked is not None and verified.issued_at <= revoked[0]:
            raise _revoked()

    def _make_room(self) -> None:
        if len(self._revoked_tokens) + len(self._revoked_principals) < REVOCATIONS_MAX:
            return
        now = self._clock() - LEEWAY_MAX
        self._revoked_tokens = {k: v for k, v in self._revoked_tokens.items() if v > now}
        self._revoked_principals = {k: v for k, v in self._revoked_principals.items() if v[1] > now}
        if len(self._revoked_tokens) + len(self._revoked_principals) >= REVOCATIONS_MAX:
            raise ResourceExhausted(
                detail=f"{REVOCATIONS_MAX} revocations are remembered, no more fit: shorten the "
                "lifetime of tokens, or change the issuer's key."
            )


def _revoked() -> Refused:
    return Refused("revoked", "The credentials were revoked.")
