"""Makes what verifies credentials, out of a host's configuration."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hanse.kit.clock import unix_seconds
from hanse.kit.fetch import fetch
from hanse.runtime.config.configuration_error import ConfigurationError

if TYPE_CHECKING:
    from hanse.runtime.credentials.api_key import ApiKeyVerifier
    from hanse.runtime.credentials.authenticator import Authenticator
    from hanse.runtime.host_config import HostConfig


def make_authenticator(config: HostConfig) -> Authenticator | None:
    """None when nobody can sign in; the cryptography is not even imported then.

    Raises:
        ConfigurationError: An issuer or the pepper of API keys cannot be used.
    """
    if not config.issuers and not config.api_keys:
        return None
    from hanse.runtime.credentials.authenticator import Authenticator
    from hanse.runtime.credentials.jwks import DOCUMENT_BYTES_MAX
    from hanse.runtime.credentials.token import Verifier

    get_keys = partial(fetch, limit=DOCUMENT_BYTES_MAX)
    verifier = Verifier(config.issuers, unix_seconds, get_keys)
    return Authenticator(verifier, _api_keys(config) if config.api_keys else None)


def _api_keys(config: HostConfig) -> ApiKeyVerifier:
    from hanse.runtime.credentials.api_key import ApiKeyVerifier, KeyMint, StaticApiKeys

    if config.pepper is None:
        raise ConfigurationError(
            "API keys need the pepper their hashes were made with. Set the variable "
            "HANSE_API_KEYS__PEPPER, or put it into the file api_keys.pepper of the folder that "
            "[host] settings_folder names; in code: HostConfig(pepper=…)."
        )
    return ApiKeyVerifier(StaticApiKeys(config.api_keys), KeyMint(config.pepper), unix_seconds)
