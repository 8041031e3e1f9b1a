"""When an event that failed is tried again."""

from __future__ import annotations

from datetime import timedelta

from hanse.runtime.errors import (
    Aborted,
    DeadlineExceeded,
    HanseError,
    ResourceExhausted,
    Unavailable,
)

OF_THE_MOMENT = (Unavailable, Aborted, ResourceExhausted, DeadlineExceeded)
"""Failures that may be over in a moment: the event is tried again where it is, for a little."""

MOMENT_SECONDS = 2.0

AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720, 720, 720))
"""By business time; after the last of them, within two days, nobody tries any more."""

ERROR_MAX = 2000
"""Characters of what is kept of a failure."""


def wait_after(attempt: int) -> timedelta | None:
    """How long an event waits that has failed so many times; None if it has failed for good."""
    return AFTER[attempt - 1] if attempt <= len(AFTER) else None


def told(error: HanseError) -> str:
    """What is kept of a failure for who looks at it: nothing of a cause, which is in the log.

    What PostgreSQL keeps in no text is replaced, or the event could not be parked.
    """
    text = f"{error.code}: {error}"[:ERROR_MAX].replace("\0", "?")
    return text.encode(errors="replace").decode()
