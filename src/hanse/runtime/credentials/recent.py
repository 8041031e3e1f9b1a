"""A bounded map that forgets what was not asked for lately."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

V = TypeVar("V")


class Recent(Generic[V]):
    """Keeps at most `limit` values, those asked for or put in lately.

    Two generations instead of a linked list: a hit in the young one changes nothing, which is what
    makes it fast; a hit in the old one moves the value over; when the young one is half of the
    limit it becomes the old one and the old one is dropped. Whatever was asked for since the last
    such change survives it.
    """

    __slots__ = ("_half", "_old", "_young")

    def __init__(self, limit: int) -> None:
        assert limit >= 2, "Two generations need room for one value each."
        self._half = limit // 2
        self._young: dict[bytes, V] = {}
        self._old: dict[bytes, V] = {}

    def get(self, key: bytes) -> V | None:
        """The value of `key`, or None."""
        value = self._young.get(key)
        if value is None and self._old:
            value = self._old.pop(key, None)
            if value is not None:
                self.put(key, value)
        return value

    def put(self, key: bytes, value: V) -> None:
        """Keeps `value`, forgetting others if the limit asks for it."""
        if len(self._young) >= self._half and key not in self._young:
            self._old, self._young = self._young, {}
        self._young[key] = value
        self._old.pop(key, None)

    def drop_where(self, unwanted: Callable[[V], bool]) -> None:
        """Forgets every value for which `unwanted` holds; looks at all, so for rare events."""
        for generation in (self._young, self._old):
            for key in [key for key, value in generation.items() if unwanted(value)]:
                del generation[key]

    def __len__(self) -> int:
        return len(self._young) + len(self._old)
