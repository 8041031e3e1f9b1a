"""Which services are to be described, and what each of them may take."""

from __future__ import annotations

import msgspec

SECONDS_MAX = 60.0
"""For importing one module: whoever needs longer does at import what belongs into a constructor."""

MEMORY_BYTES_MAX = 4 * 1024**3
"""Of data, for one module; the largest packages for numbers need a quarter of it."""


class Part(msgspec.Struct, frozen=True):
    """Services of one module: whoever imports it for one of them has the others beside it.

    Attributes:
        services: As the project lists them, `module:Class`.
        code: Folder with their files, and no others.
    """

    services: tuple[str, ...]
    code: str

    @property
    def named(self) -> str:
        """All of them, as people read it."""
        return ", ".join(self.services)


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Services that were built against the same packages.

    Attributes:
        parts: All of them, each module once.
        known: Folders of the project, to say which module was meant where one is missing.
        seconds: What each may take.
        memory_bytes: What each may have, where the kernel can hold it to that.
    """

    parts: tuple[Part, ...]
    known: tuple[str, ...] = ()
    seconds: float = SECONDS_MAX
    memory_bytes: int = MEMORY_BYTES_MAX
