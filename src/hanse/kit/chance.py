"""The one source of chance that is not secret: ids, jitter, picking one of two."""

from __future__ import annotations

import os
import random

RANDOM = random.Random()  # noqa: S311 - never for keys or tokens; seeded by the operating system
"""Quick, and private to hanse: `random.seed()` in somebody's test must not repeat our ids."""

fraction = RANDOM.random
"""A number from 0 up to, without, 1; the default wherever jitter is a parameter."""

# A forked child would otherwise draw exactly what its parent and its siblings draw.
os.register_at_fork(after_in_child=RANDOM.seed)
