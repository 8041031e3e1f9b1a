"""Which regions have missed something, and when each of them is tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.kit.clock import monotonic

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hanse.fleet.control.regions.region import Region

RETRY_SECONDS = 30.0
"""Until a region that cannot be brought to what the others run is tried again."""


class Behind:
    """Known in memory alone: for a head that begins all are behind, until it has looked."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._lives: dict[str, int | None] = {}
        self._next_try: dict[str, float] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def add(self, *names: str) -> None:
        """They have missed something, or nobody knows."""
        self._names.update(names)

    def look(self, regions: Iterable[Region]) -> None:
        """Who does not answer misses what is done; who begins anew has broken off what it did."""
        for one in regions:
            if not one.answering or self._lives.get(one.name, one.life) != one.life:
                self._names.add(one.name)
            self._lives[one.name] = one.life

    def due(self, regions: Iterable[Region]) -> tuple[str, ...]:
        """Names of those that are behind, and may be tried now."""
        now = monotonic()
        names = [one.name for one in regions if one.name in self._names]
        return tuple(name for name in names if self._next_try.get(name, now) <= now)

    def put_off(self, name: str) -> None:
        """It was tried, and is behind as before."""
        self._next_try[name] = monotonic() + RETRY_SECONDS

    def caught_up(self, name: str) -> None:
        """It has what it should."""
        self._names.discard(name)
        self._next_try.pop(name, None)
