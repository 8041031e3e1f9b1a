"""Deploys many groups one by one: each is a deployment of its own, a few of them at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from hanse.fleet.control.staging.api import Order
from hanse.fleet.deployments.api import UnknownDeployment
from hanse.fleet.deployments.freeze import why_frozen
from hanse.fleet.deployments.record import ENDS, EachTask, State, Task
from hanse.kit.clock import wait_set

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hanse.fleet.deployments.book import Book
    from hanse.kit.clock import Clock

LOOK_SECONDS = 1.0
THROUGH = frozenset[State](("settled", "done"))


class Ended(msgspec.Struct, frozen=True):
    """How all of it ended."""

    state: State
    says: str


class Count(NamedTuple):
    """How far it is, in groups."""

    all: int
    through: int
    under_way: int
    back: int

    def __str__(self) -> str:
        """For people: `37 of 60 are through, 8 under way, 1 went back`."""
        said = [f"{self.through} of {self.all} are through"]
        said += [f"{self.under_way} under way"] if self.under_way else []
        said += [f"{self.back} went back"] if self.back else []
        return ", ".join(said)


def parts_of(task: Task) -> dict[str, Task]:
    """The deployments of each group, by name; the same ones whenever it is asked."""
    order = task.order
    return {
        name: msgspec.structs.replace(
            task,
            order=Order(
                deployment=name,
                changes=(change,),
                environment=order.environment,
                local=order.local,
            ),
            each=None,
            part_of=task.name,
            notes=(),
        )
        for number, change in enumerate(order.changes, 1)
        for name in (f"{task.name}-{number}",)
    }


class EachSteps:
    """Begins them, and counts.

    Args:
        book: Where all are written down.
        clock: Of freezes.
        begin: Begins one.
    """

    def __init__(
        self, book: Book, clock: Clock, begin: Callable[[Task], Awaitable[object]]
    ) -> None:
        self._book = book
        self._clock = clock
        self._begin = begin

    async def watch(self, task: Task) -> Ended:
        """Begins one after the other until all are through, too many went back, or it is ended."""
        watch = _Watch(task)
        await self._book.get(task.name)  # what an operator wants, where another has begun
        says = f"{len(watch.parts)} groups, {watch.each.at_once} at once; each is judged by itself."
        await self._book.note(task.name, says, stage="canary")
        never = asyncio.Event()
        while True:
            for name in [name for name, state in watch.states.items() if state not in watch.over]:
                await self._look(task, watch, name)
            if ended := await self._turn(task, watch):
                return ended
            await wait_set(never, LOOK_SECONDS)

    async def _turn(self, task: Task, watch: _Watch) -> Ended | None:
        """Begins what may begin now; how it ended, if it did."""
        count, wish = watch.count, self._book.wishes.get(task.name, "")
        why = watch.why_no_more(wish)
        if why:
            if not count.under_way:
                return Ended("aborted" if wish == "abort" else "failed", f"{why} {count}.")
            if wish == "abort":
                await self._abort(watch)
        elif count.through + count.back == count.all:
            return Ended("failed" if count.back else "done", f"{count}.")
        elif wish != "pause" and not why_frozen(task.rules, self._clock.now()):
            await self._begin_more(watch)
        if str(watch.count) != watch.said:
            watch.said = str(watch.count)
            await self._book.sum_up(task.name, f"{watch.said}.")
        return None

    async def _begin_more(self, watch: _Watch) -> None:
        waiting = [name for name, state in watch.states.items() if not state]
        for name in waiting[: watch.each.at_once - watch.count.under_way]:
            await self._begin(watch.parts[name])
            watch.states[name] = "running"

    async def _look(self, task: Task, watch: _Watch, name: str) -> None:
        try:
            found = await self._book.get(name)
        except UnknownDeployment:
            return
        watch.states[name] = found.state
        if found.state in ENDS - THROUGH:
            groups = ", ".join(found.groups)
            says = f"{groups} ({name}) {found.state}: {found.says}"
            await self._book.note(task.name, says, stage="canary")

    async def _abort(self, watch: _Watch) -> None:
        for name, state in watch.states.items():
            if state and state not in watch.over:
                await self._book.wish(name, "abort")


class _Watch:
    """What is known of the parts: by name, in which state they are; empty before it has begun."""

    def __init__(self, task: Task) -> None:
        self.each = task.each or EachTask()
        self.parts = parts_of(task)
        self.states: dict[str, State | str] = dict.fromkeys(self.parts, "")
        self.over = ENDS | THROUGH
        self.said = ""

    @property
    def count(self) -> Count:
        states = list(self.states.values())
        through = sum(one in THROUGH for one in states)
        back = sum(one in ENDS - THROUGH for one in states)
        return Count(len(states), through, sum(map(bool, states)) - through - back, back)

    def why_no_more(self, wish: str) -> str:
        """Why none begins any more, in a sentence; empty if others may."""
        if wish == "abort":
            return "An operator ended it; those that are through stay."
        if self.count.back >= self.each.stop_after:
            return f"So many went back that no other one begins ({self.each.stop_after})."
        return ""
