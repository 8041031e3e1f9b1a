"""Makes what verifies credentials, out of a host's configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.kit.clock import unix_seconds
from hanse.kit.http import fetch

if TYPE_CHECKING:
    from hanse.runtime.host_config import HostConfig
    from hanse.runtime.identity.authenticator import Authenticator


def make_authenticator(config: HostConfig) -> Authenticator | None:
    """None when the host is told of no issuer; the cryptography is not even imported then."""
    if not config.issuers:
        return None
    from hanse.runtime.identity.authenticator import Authenticator
    from hanse.runtime.identity.token import Verifier

    return Authenticator(Verifier(config.issuers, unix_seconds, fetch))
