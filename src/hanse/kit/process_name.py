"""What this process is called where several share something: its machine and number."""

from __future__ import annotations

import os
import platform


def process_name() -> str:
    """`machine:4711`; another may have had it before."""
    return f"{platform.node() or 'localhost'}:{os.getpid()}"
