"""Who blocks the event loop, read from the stack of its thread."""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING, NamedTuple

from hanse.runtime.call.endpoint import Endpoint

if TYPE_CHECKING:
    from collections.abc import Container
    from types import FrameType

FRAMES_SHOWN = 12


class Culprit(NamedTuple):
    """What a thread was at.

    Attributes:
        service: Full name of the service's contract; empty if the code is none's.
        text: The innermost method of a service, else the innermost function.
        frame: Where it was; None if the thread is gone.
    """

    service: str
    text: str
    frame: FrameType | None

    def stack(self) -> str:
        """The innermost calls, for people."""
        return "".join(traceback.format_stack(self.frame)[-FRAMES_SHOWN:]) if self.frame else ""


def culprit_of(thread_id: int, services: Container[str]) -> Culprit:
    """What a thread is at now.

    Args:
        thread_id: Which thread.
        services: Full names of contracts; only these can be named.
    """
    # The documented way to see another thread's stack.
    frames = sys._current_frames()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    innermost = frame = frames.get(thread_id)
    text = frame.f_code.co_qualname if frame else "Something"
    while frame is not None:
        owner: object = frame.f_locals.get("self")
        contract = getattr(owner, "__contract__", None)
        if contract is not None and contract.full_name in services:
            method = f"{owner.__class__.__name__}.{frame.f_code.co_name}"
            return Culprit(contract.full_name, method, innermost)
        if isinstance(owner, Endpoint) and owner.method.service in services:
            # It reads arguments or writes an answer, as large as the service has them.
            return Culprit(owner.method.service, f"{owner.method.full_name} in {text}", innermost)
        frame = frame.f_back
    return Culprit("", text, innermost)
