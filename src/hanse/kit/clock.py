"""The only place that asks the operating system what time it is."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Protocol

monotonic = time.monotonic
"""Seconds that never jump, for durations, deadlines and rates."""

monotonic_ns = time.monotonic_ns
"""Nanoseconds that never jump, for the durations of calls."""

unix_ns = time.time_ns
"""Nanoseconds since 1970, for stamps in telemetry. Business time comes from a `Clock`."""


async def wait_set(event: asyncio.Event, seconds: float | None) -> None:
    """Wait until an event is set, or so many seconds have passed; None for as long as it takes."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


unix_seconds = time.time
"""Seconds since 1970, for what is signed with an end."""


class Clock(Protocol):
    """Business time: what "today" means to a service, and what a test may move."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class SystemClock:
    """Business time as the machine has it."""

    __slots__ = ()

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC)


class ManualClock:
    """Business time that stands still until told to go on, so that a test runs a year in a second.

    Args:
        start: The first moment, aware; converted to UTC.

    Raises:
        ValueError: `start` has no time zone.
    """

    __slots__ = ("_now",)

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError(f"start {start} has no time zone; add tzinfo=UTC")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """The moment it stands at, aware, in UTC."""
        return self._now

    def advance(self, by: timedelta | float) -> None:
        """Go on by a timedelta or a number of seconds.

        Raises:
            ValueError: `by` is negative; time does not go back.
        """
        step = by if isinstance(by, timedelta) else timedelta(seconds=by)
        if step < timedelta(0):
            raise ValueError(f"cannot advance by {step}; time only goes on")
        self._now += step
