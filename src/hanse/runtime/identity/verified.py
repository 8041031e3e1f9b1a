"""What credentials proved."""

from __future__ import annotations

import msgspec

from hanse.runtime.identity.principal import Principal


class Verified(msgspec.Struct, frozen=True):
    """Who calls, as proven by a token or an API key.

    Attributes:
        principal: Who calls.
        site: The site the credentials are for; empty when they are not bound to one.
        expires_at: When they end, seconds since the epoch; infinite for an endless API key.
        token_id: The token's `jti` or the key's public id; empty if the token has none.
        issued_at: When they were issued, seconds since the epoch; 0 when not said.
    """

    principal: Principal
    site: str
    expires_at: float
    token_id: str
    issued_at: float = 0.0
