"""What goes wrong on purpose: between services as a seed draws it, and at fault points."""

from __future__ import annotations

import asyncio
import random
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hanse.kit.chance import RANDOM
from hanse.kit.clock import wait_set
from hanse.kit.fault_watch import watched_by
from hanse.runtime.call.context import running
from hanse.runtime.errors import Unavailable
from hanse.testing.acting import TEST
from hanse.testing.fault_rules import FaultAt, FaultRules

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator, Mapping

    from hanse.kit.fault_points import Point
    from hanse.runtime.contract.method import Method


class Faults:
    """What goes wrong between services; the test's own calls are spared.

    A failed call is `Unavailable` to its caller. Half of them fail on the way there, the other half
    on the way back: then the callee has done its work, as with a connection that breaks too early.

        async with World(Shop, Cart, faults=Faults(seed=7, failure_rate=0.3)) as world:
            ...

    At fault points it goes wrong as the test says, each time once:

        faults = Faults()
        faults.at("data.transaction.commit_sent", nth=2).fail()
        held = faults.at("data.write.before_send").hold()

    Args:
        seed: Draws the same faults for the same order of calls; None for a new one. A test that
            fails has it in its traceback.
        latency: Seconds a call is held up at most.
        failure_rate: Share of the calls that fail, from 0 to 1.

    Raises:
        ValueError: `latency` or `failure_rate` is out of range.
    """

    def __init__(
        self, seed: int | None = None, *, latency: float = 0.0, failure_rate: float = 0.0
    ) -> None:
        if not 0 <= failure_rate <= 1:
            raise ValueError(f"failure_rate is {failure_rate}; it is a share from 0 to 1")
        if latency < 0:
            raise ValueError(f"latency is {latency}; it is seconds, 0 or more")
        self.seed = RANDOM.getrandbits(32) if seed is None else seed
        self._latency = latency
        self._failure_rate = failure_rate
        self._chance = random.Random(self.seed)  # noqa: S311 - repeatable on purpose
        self._rules = FaultRules()

    def at(self, point: Point, nth: int = 1) -> FaultAt:
        """The n-th time from now that a fault point is reached; what happens then is said next.

        Args:
            point: See `docs/guide/testing-data.md`.
            nth: 1 for the next time.

        Raises:
            ValueError: There is no such point, or no such time.
        """
        return self._rules.at(point, nth)

    @property
    def reached(self) -> Mapping[Point, int]:
        """How often each fault point was reached."""
        return self._rules.reached_times

    @contextmanager
    def watching(self) -> Generator[None]:
        """Stands at the fault points; a world does so by itself, a host of one's own in this.

        Raises:
            RuntimeError: Others do in this process.
        """
        with watched_by(self._rules):
            yield

    def wrap(self, method: Method, call: Callable[..., Any]) -> Callable[..., Any]:
        """A method as services will find it."""
        return self._stream(method, call) if method.signature.streams else self._call(method, call)

    def __repr__(self) -> str:
        return (
            f"Faults(seed={self.seed}, latency={self._latency}, failure_rate={self._failure_rate})"
        )

    def _call(self, method: Method, call: Callable[..., Any]) -> Callable[..., Any]:
        async def faulty(*args: Any, **kwargs: Any) -> Any:
            if not _between_services():
                return await call(*args, **kwargs)
            there, back = await self._draw(method)
            if there is not None:
                raise there
            answer = await call(*args, **kwargs)
            if back is not None:
                raise back
            return answer

        return faulty

    def _stream(self, method: Method, call: Callable[..., Any]) -> Callable[..., Any]:
        async def faulty(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
            there, back = await self._draw(method) if _between_services() else (None, None)
            if there is not None:
                raise there
            items = call(*args, **kwargs)
            try:
                async for item in items:
                    yield item
                    if back is not None:
                        raise back
            finally:
                await items.aclose()

        return faulty

    async def _draw(self, method: Method) -> tuple[Unavailable | None, Unavailable | None]:
        """Holds up, then gives the failure of the way there and the one of the way back."""
        held_up, fails, there = (self._chance.random() for _ in range(3))
        if self._latency:
            await wait_set(asyncio.Event(), held_up * self._latency)
        if fails >= self._failure_rate:
            return None, None
        failure = Unavailable(detail=f"{method.full_name} is out of reach.")
        return (failure, None) if there < 0.5 else (None, failure)


def _between_services() -> bool:
    call = running.get()
    return call is not None and call.method is not TEST
