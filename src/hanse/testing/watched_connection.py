"""Connections of callers with fault points around their answers."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, cast

from hanse.testing.watched_session import TURNS

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.kit.fault_points import Point
    from hanse.runtime.http.connection import Connection
    from hanse.testing.fault_rules import FaultRules

POINTS: tuple[Point, ...] = ("answer.before_send", "answer.half_sent", "answer.sent")


def with_points(kind: type[Connection], rules: FaultRules) -> type[Connection]:
    """A class of connections whose answers pass points on their way out."""

    class WatchedConnection(kind):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(cast("Any", WatchedTransport(transport, rules)))

    return WatchedConnection


class WatchedTransport:
    """Writes in turn, each time in two halves if something waits for that.

    Args:
        inner: The transport itself.
        rules: What happens at the points.
    """

    def __init__(self, inner: Any, rules: FaultRules) -> None:
        self._inner = inner
        self._rules = rules
        self._steps: deque[bytes | Callable[[], None]] = deque()
        self._task: asyncio.Task[None] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def write(self, data: bytes) -> None:
        """Sends an answer, or a part of one."""
        if self._task is None and not self._rules.wait_at(*POINTS):
            self._inner.write(data)
            for point in POINTS:
                self._rules.count(point)
            return
        self._steps.append(data)
        self._go_on()

    def write_eof(self) -> None:
        """Says that nothing follows."""
        self._in_turn(self._inner.write_eof)

    def close(self) -> None:
        """Closes it when everything is sent."""
        self._in_turn(self._inner.close)

    def abort(self) -> None:
        """Closes it at once."""
        self._steps.clear()
        self._inner.abort()

    def _in_turn(self, step: Callable[[], None]) -> None:
        if self._task is None:
            step()
        else:
            self._steps.append(step)

    def _go_on(self) -> None:
        if self._task is None:
            self._task = asyncio.Task(self._run())

    async def _run(self) -> None:
        while self._steps:
            step = self._steps.popleft()
            if callable(step):
                step()
            else:
                await self._send(step)
        self._task = None

    async def _send(self, data: bytes) -> None:
        half = len(data) // 2
        try:
            await self._rules.reached("answer.before_send")
            if self._rules.wait_at("answer.half_sent"):
                self._inner.write(data[:half])
                await _turns()
                await self._rules.reached("answer.half_sent")
                self._inner.write(data[half:])
            else:
                self._inner.write(data)
                await self._rules.reached("answer.half_sent")
            await _turns()
            await self._rules.reached("answer.sent")
        except Exception:  # noqa: BLE001  whatever a test has it raise, it ends the connection
            self.abort()


async def _turns() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)
