"""Answers that need no second look: fresh from a decoder of their type, and unable to change."""

from __future__ import annotations

from typing import Any

from hanse.runtime.call.context import running


def prove(answer: Any, kind: Any) -> None:
    """Notes of what kind a value is, for the running call if it ends with this very value.

    Only of what nobody can have changed since it was decoded, and cannot: it has no maps in it.
    """
    call = running.get()
    if call is not None:
        call.proven = (answer, kind)


def is_proven(answer: Any, kind: Any) -> bool:
    """Whether the running call ends with a value that is known to be of a kind."""
    call = running.get()
    if call is None or call.proven is None:
        return False
    known, proven = call.proven
    return known is answer and proven == kind
