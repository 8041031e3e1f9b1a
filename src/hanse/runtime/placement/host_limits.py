"""What one host may have of the machine."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

MemoryBytes = Annotated[
    int,
    Meta(
        ge=64_000_000, description="64000000 bytes or more, without quotes: 512_000_000 is 512 MB"
    ),
]
Cores = Annotated[float, Meta(ge=0.05, le=1_000, description="0.05 to 1000 cores, like 1.5")]

RUNAWAY = 1.5
"""A host that has so many times the memory it may have is killed at once."""


class HostLimits(msgspec.Struct, frozen=True):
    """Of each host of a group.

    Attributes:
        memory_bytes: Its share of memory (PSS), children included; None for as much as there is.
        cpu: Cores' worth of processor time; None likewise.
    """

    memory_bytes: int | None = None
    cpu: float | None = None

    @property
    def killed_bytes(self) -> int | None:
        """Where nobody waits for running requests any more."""
        return None if self.memory_bytes is None else int(RUNAWAY * self.memory_bytes)
