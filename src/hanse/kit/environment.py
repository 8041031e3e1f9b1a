"""The environment of this process, for those who start with nothing else to take it from."""

from __future__ import annotations

import os


def variables() -> dict[str, str]:
    """All variables as they are now; who needs some takes them as a parameter."""
    return dict(os.environ)
