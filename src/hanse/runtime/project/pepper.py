"""Where the pepper of API keys comes from: as services' secrets do, never from `hanse.toml`."""

from __future__ import annotations

from typing import cast

import msgspec

from hanse.runtime.config.secret import Secret
from hanse.runtime.config.settings import Settings, Sources, load

SECTION = "api_keys"
VARIABLE = "HANSE_API_KEYS__PEPPER"


class ApiKeySettings(Settings):
    """What API keys need from the deployment.

    Attributes:
        pepper: What their hashes are made with; None if nobody gave it.
    """

    pepper: Secret | None = None


def read_pepper(sources: Sources, section: str = SECTION) -> Secret | None:
    """The pepper from a mounted file or else the environment; None if neither has it.

    Args:
        sources: Where to look; their tables are left out.
        section: What its variable and file are named by.

    Raises:
        SettingsError: It is there and cannot be used.
    """
    outside = msgspec.structs.replace(sources, tables={})
    return cast("ApiKeySettings", load({section: ApiKeySettings}, outside)[section]).pepper
