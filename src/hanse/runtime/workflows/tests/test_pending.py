"""What an instance did while nothing could be written is one write, of the last of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import UUID

from hanse.runtime.workflows.engine.pending import Pending
from hanse.runtime.workflows.journal.entry import Entry, Rest, Write
from hanse.testing.world import MORNING


def entry(place: int, *, failed: bool | None) -> Entry:
    return Entry(place, "signal", "go", failed, 1, b"null", MORNING)


def pending(put: list[Write]) -> Pending:
    engine: Any = SimpleNamespace(writer=SimpleNamespace(put=put.append))
    return Pending(UUID(int=1), 1, engine, lambda _, __: None)


def test_what_came_of_a_wait_is_written_and_not_that_it_waits() -> None:
    put: list[Write] = []
    waiting = pending(put)
    waiting.add(entry(0, failed=False), entry(1, failed=None), entry(2, failed=None))
    waiting.add(entry(1, failed=False))
    (write,) = put
    assert sorted((one.place, one.failed) for one in write.entries) == [
        (0, False),
        (1, False),
        (2, None),
    ]


def test_who_goes_on_before_it_left_does_not_leave() -> None:
    put: list[Write] = []
    waiting = pending(put)
    waiting.add(entry(0, failed=None))
    waiting.write.rest = Rest("open")
    waiting.stay()
    (write,) = put
    assert write.rest is None
    write.rest, write.taken = Rest("open"), True
    waiting.stay()
    assert write.rest is not None, "that is on its way"
