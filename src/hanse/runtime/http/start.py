"""How a request's task begins."""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Start = Callable[..., asyncio.Task[None]]

_make: Any = asyncio.Task

start_soon: Start = _make
"""Begins in the loop's next round. Called with a coroutine and `loop`."""

start_task: Start = partial(_make, eager_start=True) if sys.version_info >= (3, 12) else start_soon
"""Begins at once, up to the first wait, where Python can; else in the loop's next round."""
