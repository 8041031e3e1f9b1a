"""What instances keep in memory is counted exactly: a host that miscounts takes none in any more."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import UUID

from hanse.runtime.workflows.engine.hot import HOT_MAX, Hot


def instance(id: Any, size: int) -> Any:
    return SimpleNamespace(id=id, size=size)


def test_what_is_in_memory_is_counted_and_nothing_else() -> None:
    hot, lost, again, other = Hot(), instance(1, 10), instance(1, 30), instance(2, 5)
    hot.add(lost)
    hot.grow(lost, 7)
    assert hot.bytes == 17
    hot.add(again)
    hot.add(other)
    hot.grow(lost, 100)
    assert (hot.bytes, hot.remove(lost)) == (35, False)
    assert hot.remove(again)
    hot.grow(again, 50)
    assert hot.remove(other)
    assert (hot.bytes, len(hot), hot.left) == (0, 0, 2)


def test_there_is_room_until_it_is_full_and_again_when_one_has_left() -> None:
    hot, one = Hot(), instance(1, 10)
    hot.fill()
    assert hot.room == HOT_MAX, "nobody waits for nobody"
    hot.add(one)
    hot.fill()
    assert hot.room == 0
    hot.remove(one)
    assert hot.room == HOT_MAX
    hot.most = 10
    hot.add(one)
    assert hot.room == 0


def test_who_waits_for_one_is_told_when_it_is_taken_in() -> None:
    hot = Hot()
    with hot.awaited(UUID(int=1)) as came, hot.awaited(UUID(int=1)) as again:
        hot.add(instance(UUID(int=2), 1))
        assert not came.is_set()
        hot.add(instance(UUID(int=1), 1))
        assert came.is_set()
        assert again.is_set()
    assert not hot._awaited
