"""Processes that imported code left behind: whoever builds adopts them, and ends them."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
_ROUNDS_MAX = 1000


def adopt_strays() -> None:
    """Makes this process the parent of all its descendants whose own parent has ended.

    Elsewhere than on Linux, who leaves its session at import is left alone.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_strays(own: Collection[int]) -> None:
    """Ends all children but one's own, and what these leave when they end.

    Args:
        own: Processes that are to go on, or are looked after elsewhere.
    """
    for _ in range(_ROUNDS_MAX):
        strays = [pid for pid in _children() if pid not in own]
        if not strays:
            return
        for pid in strays:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _children() -> list[int]:
    with suppress(OSError):
        text = Path("/proc/thread-self/children").read_text()
        return [int(one) for one in text.split()]
    return []
