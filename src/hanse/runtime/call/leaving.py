"""Callers that leave: what runs for them is cancelled, but nothing that has begun to write."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

    from hanse.runtime.call.context import Call
    from hanse.runtime.call.deadline import Deadlines


class Writes:
    """What one task from outside has begun to write, and whether its caller has left since."""

    __slots__ = ("left", "open")

    def __init__(self) -> None:
        self.open = 0
        self.left = False


def begin_writing(call: Call) -> None:
    """Lets the caller's leaving wait until `end_writing`; its deadline does not."""
    task = (call.root or call).task
    if task is not None:
        writing = call.deadlines.writing
        if task not in writing:
            writing[task] = Writes()
        writing[task].open += 1


def end_writing(call: Call) -> None:
    """Cancels the call, if its caller has left and nothing else of it writes."""
    task = (call.root or call).task
    if task is not None:
        writes = call.deadlines.writing[task]
        writes.open -= 1
        if not writes.open:
            del call.deadlines.writing[task]
            if writes.left:
                task.cancel()


def leave(task: asyncio.Task[None] | None, deadlines: Deadlines) -> None:
    """Cancels what runs for a caller that left, if anything; as soon as it has written."""
    if task is not None:
        writes = deadlines.writing.get(task)
        if writes is None:
            task.cancel()
        else:
            writes.left = True
