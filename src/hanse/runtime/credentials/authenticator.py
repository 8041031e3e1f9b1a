"""From the raw `Authorization` header to who calls."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hanse.runtime.credentials.api_key import PREFIX
from hanse.runtime.credentials.compact import TOKEN_LENGTH_MAX
from hanse.runtime.credentials.refused import Refused
from hanse.runtime.credentials.verified_cache import fingerprint

if TYPE_CHECKING:
    from hanse.runtime.credentials.api_key import ApiKeyVerifier
    from hanse.runtime.credentials.token import Verifier
    from hanse.runtime.identity.shown import Shown
    from hanse.runtime.identity.verified import Verified

_SCHEME = b"Bearer "
_LENGTH_MAX = TOKEN_LENGTH_MAX + len(_SCHEME)
# RFC 6750 section 2.1: "Bearer" 1*SP b64token; schemes compare without case (RFC 9110 11.1).
# llhttp leaves white space behind a value, which is no part of it (RFC 9110, 5.5).
_HEADER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9\-._~+/]+=*)[ \t]*")


class Authenticator:
    """Takes `Bearer <signed token>` and `Bearer hk_…`; everything else is refused.

    A call without the header is a visitor's and does not come here. A header that cannot be read
    never makes its caller a visitor: whoever shows credentials expects them to count.
    """

    def __init__(self, verifier: Verifier, api_keys: ApiKeyVerifier | None = None) -> None:
        self._verifier = verifier
        self._api_keys = api_keys

    def cached(self, value: bytes, shown: Shown) -> Verified | None:
        """Who calls, if the header `value` was verified lately; None if it must be.

        Args:
            value: The header as it came.
            shown: What its connection showed last; `value` from now on.
        """
        if value != shown.value:
            if not value.startswith(_SCHEME) or len(value) > _LENGTH_MAX or not value.isascii():
                return None
            shown.value, shown.digest = value, fingerprint(value[len(_SCHEME) :].decode())
        verified = self._verifier.find(shown.digest)
        if verified is None and self._api_keys is not None:
            verified = self._api_keys.find(shown.digest)
        return verified

    async def authenticate(self, value: str) -> Verified:
        """Who calls, according to the header `value`.

        Raises:
            Refused: It does not count (an `Unauthenticated`).
            ResourceExhausted: Too many unknown credentials at once.
            Unavailable: The issuer's keys cannot be had.
        """
        if len(value) > _LENGTH_MAX:
            raise Refused("oversized", "The Authorization header is too long.")
        found = _HEADER.fullmatch(value)
        if found is None:
            raise Refused("malformed", "The Authorization header is not: Bearer <token>.")
        credentials = found[1]
        if not credentials.startswith(PREFIX):
            return await self._verifier.verify(credentials)
        if self._api_keys is None:
            raise Refused("unknown", "API keys are not accepted here.")
        return await self._api_keys.verify(credentials)

    def revoke_token(self, token_id: str, *, until: float) -> None:
        """Refuses one token (`jti`) or API key (public id) from now on; see `VerifiedCache`."""
        self._verifier.revoke_token(token_id, until=until)
        if self._api_keys is not None:
            self._api_keys.revoke_token(token_id, until=until)

    def revoke_principal(self, principal_id: str, *, until: float) -> None:
        """Refuses what a principal was issued up to now; see `VerifiedCache`."""
        self._verifier.revoke_principal(principal_id, until=until)
        if self._api_keys is not None:
            self._api_keys.revoke_principal(principal_id, until=until)

    async def close(self) -> None:
        """Ends what runs in the background."""
        await self._verifier.close()
