"""The hosts there are, asked for once for all deployments that are watched at the same time."""

from __future__ import annotations

import asyncio
from math import inf
from typing import TYPE_CHECKING

from hanse.kit.clock import monotonic

if TYPE_CHECKING:
    from hanse.fleet.control.staging.api import Instance, Staging

AGE_SECONDS = 0.5
"""Of what may be told again: half of the time between two looks of one deployment."""


class Lately:
    """Remembers for a moment which hosts there are.

    Args:
        staging: Knows them.
        age_seconds: For which what was said may be said again.

    Attributes:
        staging: As given.
    """

    def __init__(self, staging: Staging, age_seconds: float = AGE_SECONDS) -> None:
        self.staging = staging
        self._age_seconds = age_seconds
        self._turn = asyncio.Lock()
        self._asked_at = -inf
        self._found: tuple[Instance, ...] = ()

    async def instances(self) -> tuple[Instance, ...]:
        """As they were at most so long ago.

        Raises:
            HanseError: Control does not answer.
        """
        async with self._turn:
            asked_at = monotonic()
            if asked_at - self._asked_at > self._age_seconds:
                self._found = await self.staging.instances()
                self._asked_at = asked_at
            return self._found
