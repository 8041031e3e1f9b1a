"""Deadlines without a timer each: one sweep looks at all calls that are running."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from hanse.kit.clock import monotonic_ns
from hanse.runtime.call.context import Call, running
from hanse.runtime.errors import DeadlineExceeded

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from hanse.runtime.call.leaving import Writes

T = TypeVar("T")

SECOND_NS = 1_000_000_000

LATE_NS = 10_000_000
"""How late a deadline may be noticed, so that many at once are met together."""

NEVER_NS = 1 << 62


class Deadlines:
    """The running calls of one event loop, and the sweep that ends those whose time is up.

    It comes when the nearest deadline has passed. A timer a call would cost each one 4 µs; almost
    all end long before theirs, and a sweep finds them gone.

    Attributes:
        calls: What is watched.
        writing: Tasks that have begun to write, see `leaving`.
        begun_ns: When the last call began: the loop ran then.
    """

    __slots__ = ("_due_ns", "_paused", "_timer", "begun_ns", "calls", "writing")

    def __init__(self) -> None:
        self.calls: set[Call] = set()
        self.writing: dict[asyncio.Task[Any], Writes] = {}
        self.begun_ns = 0
        self._due_ns = NEVER_NS
        self._timer: asyncio.TimerHandle | None = None
        self._paused = False

    def watch(self, call: Call) -> None:
        """Has the call's task cancelled when its deadline passes; `leave` must follow."""
        if call.task is None:
            call.task = asyncio.current_task()
        self.calls.add(call)
        self.begun_ns = call.started_ns
        if call.deadline_ns < self._due_ns:
            self._sweep_at(call.deadline_ns, monotonic_ns())

    def leave(self, call: Call) -> None:
        self.calls.discard(call)

    def pause(self) -> None:
        """Lets no deadline pass any more: for a developer at a breakpoint."""
        self._paused = True

    def _sweep_at(self, deadline_ns: int, now: int) -> None:
        """Sweeps then, unless it does before."""
        due = max(deadline_ns, now + LATE_NS)
        if due >= self._due_ns:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._due_ns = due
        self._timer = asyncio.get_running_loop().call_later((due - now) / SECOND_NS, self._sweep)

    def _sweep(self) -> None:
        self._timer, self._due_ns = None, NEVER_NS
        now, nearest = monotonic_ns(), NEVER_NS
        told = set[Any]()
        for call in self.calls:
            if call.expired or self._paused:
                continue
            # One a sweep: of two cancellations at once a task would only see one.
            if now >= call.deadline_ns and call.task not in told:
                told.add(call.task)
                call.expired = True
                call.task.cancel()
            elif call.deadline_ns < nearest:
                nearest = call.deadline_ns
        if nearest < NEVER_NS:
            self._sweep_at(nearest, now)


def remaining() -> float:
    """Seconds the running call still has; a handler can decide by it what is worth starting.

    Raises:
        RuntimeError: Nothing is being served.
    """
    call = running.get()
    if call is None:
        raise RuntimeError("No call is running here, so there is no deadline.")
    return (call.deadline_ns - monotonic_ns()) / SECOND_NS


def time_is_up(call: Call) -> bool:
    """Whether a cancellation that arrives now is the deadline's; if so it is taken back."""
    if not call.expired or call.task is None:
        return False
    call.task.uncancel()
    return True


async def in_time(
    call: Call, items: AsyncGenerator[T, None], *, watch: bool
) -> AsyncGenerator[T, None]:
    """The items of a stream, each waited for until the call's deadline at most.

    Watched a step at a time: between two the consumer runs, and its time is its own.

    Raises:
        DeadlineExceeded: The call's time is up.
    """
    deadlines = call.deadlines
    try:
        while monotonic_ns() < call.deadline_ns:
            if watch:
                deadlines.watch(call)
            try:
                item = await anext(items)
            except StopAsyncIteration:
                return
            except asyncio.CancelledError:
                if time_is_up(call):
                    break
                raise
            finally:
                deadlines.leave(call)
            yield item
        raise DeadlineExceeded(f"{call.name} did not end in time.")
    finally:
        await items.aclose()


@contextmanager
def within(seconds: float) -> Generator[None]:
    """Gives the calls made in the block at most so many seconds, on all hops.

    Raises:
        DeadlineExceeded: They ran out.
        RuntimeError: Nothing is being served; a script passes `timeout` to its client instead.
    """
    outer = running.get()
    if outer is None:
        raise RuntimeError("within() shortens the deadline of a running call, and none is running.")
    inner = Call(
        outer.method,
        outer.origin,
        outer.started_ns,
        min(outer.deadline_ns, monotonic_ns() + int(seconds * SECOND_NS)),
        outer.deadlines,
        outer.trace_id,
        outer.span_id,
        outer.parent_span,
        outer.sampled,
        outer.trace_state,
        children=outer.children,
        root=outer.root or outer,
        part_of=outer.part_of or outer,
        keyed=outer.keyed,
    )
    token = running.set(inner)
    outer.deadlines.watch(inner)
    try:
        yield
    except asyncio.CancelledError:
        if time_is_up(inner):
            raise DeadlineExceeded(f"{outer.name} gave this {seconds:g} s.") from None
        raise
    finally:
        outer.deadlines.leave(inner)
        outer.children = inner.children
        running.reset(token)
