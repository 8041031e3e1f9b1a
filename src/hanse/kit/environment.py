"""The surroundings of this process, for those who start with nothing else to take it from."""

from __future__ import annotations

import os
import platform


def variables() -> dict[str, str]:
    """All variables as they are now; who needs some takes them as a parameter."""
    return dict(os.environ)


def process_name() -> str:
    """What this process is called where several share something: `machine:4711`, with its number.

    Another may have had it before.
    """
    return f"{platform.node() or 'localhost'}:{os.getpid()}"
