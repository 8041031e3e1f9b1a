"""Who does most, of any number of them, in room for a few."""

from __future__ import annotations

import heapq


class MostActive:
    """Counts by name, of as many names as there is room for.

    Space-Saving (Metwally, Agrawal, El Abbadi, "Efficient Computation of Frequent and Top-k
    Elements in Data Streams", ICDT 2005): a newcomer takes the place of whoever has least, and that
    count too. So a count is too high by the least at most, the sum of all is exact, no name's count
    ever falls, and who has more than one part in `room` of all is there.

    Args:
        room: Names at most.
    """

    __slots__ = ("_counts", "_heap", "_room")

    def __init__(self, room: int) -> None:
        self._room = room
        self._counts: dict[str, int] = {}
        # Each name once, with what it had some time ago: the least is looked for from there.
        self._heap: list[tuple[int, str]] = []

    def add(self, name: str, number: int) -> None:
        """Counts so many more."""
        counts = self._counts
        if name in counts:
            counts[name] += number
        elif len(counts) < self._room:
            counts[name] = number
            heapq.heappush(self._heap, (number, name))
        else:
            least, whose = self._least()
            del counts[whose]
            counts[name] = least + number
            heapq.heapreplace(self._heap, (least + number, name))

    def first(self, number: int) -> dict[str, int]:
        """Those who have most, most first."""
        found = heapq.nlargest(number, self._counts.items(), key=lambda one: one[1])
        return dict(found)

    def _least(self) -> tuple[int, str]:
        heap = self._heap
        while True:
            noted, name = heap[0]
            now = self._counts[name]
            if now == noted:
                return heap[0]
            heapq.heapreplace(heap, (now, name))
