"""Lets shoppers shop: each as fast as it is answered, or all together on a schedule."""

from __future__ import annotations

import asyncio
from collections import deque
from random import Random
from time import perf_counter

import msgspec
import uvloop

from boutique_load.channel import Shop, shop_at
from boutique_load.shopper import REQUESTS_A_TASK, Shopper
from boutique_load.tally import Tally
from boutique_load.truth import read_truth

DRAIN_SECONDS = 5.0
"""How long an open loop waits, after its schedule, for what is due and not yet begun."""


class Plan(msgspec.Struct, frozen=True):
    """What to do.

    Attributes:
        users: Shoppers, each with a connection of its own.
        seconds: How long.
        rate: Requests a second that are due on average; None for as fast as answers come.
        seed: What they do is the same for the same seed.
    """

    users: int
    seconds: float
    rate: float | None = None
    seed: int = 1


def run(url: str, ca_file: str | None, plan: Plan) -> Tally:
    """Shops as planned; gives what was seen.

    Args:
        url: Of the shop.
        ca_file: With the certificate of whom to trust, for https.
        plan: What to do.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(shop_at(url, ca_file), plan))


async def _run(shop: Shop, plan: Plan) -> Tally:
    tally, truth = Tally(), read_truth()
    chances = (Random(f"{plan.seed}/{user}") for user in range(plan.users))  # noqa: S311  no secret
    shoppers = [Shopper(shop, truth, chance, tally) for chance in chances]
    began = perf_counter()
    try:
        if plan.rate is None:
            await closed_loop(shoppers, began + plan.seconds)
        else:
            await OpenLoop(shoppers, plan.rate, tally).run(began, plan.seconds)
    finally:
        for shopper in shoppers:
            shopper.close()
    tally.seconds = perf_counter() - began
    return tally


async def closed_loop(shoppers: list[Shopper], end: float) -> None:
    """Everybody goes on as soon as the last task is done, until the end."""

    async def shop(shopper: Shopper) -> None:
        while perf_counter() < end:
            await shopper.shop()

    async with asyncio.TaskGroup() as group:
        for shopper in shoppers:
            group.create_task(shop(shopper))


class OpenLoop:
    """Tasks fall due at equal distances, whether or not the shop keeps up.

    A slow shop so delays everything that falls due meanwhile, as it would for people; a closed loop
    would politely wait and leave just those out (coordinated omission). While nothing is due, the
    loop looks again and again instead of sleeping: a timer is a millisecond late, which is more
    than a page takes. It wants a core of its own.
    """

    def __init__(self, shoppers: list[Shopper], rate: float, tally: Tally) -> None:
        self._idle = deque(shoppers)
        self._users = len(shoppers)
        self._step = REQUESTS_A_TASK / rate
        self._tally = tally
        self._waiting: deque[float] = deque()

    async def run(self, began: float, seconds: float) -> None:
        """Follows the schedule, then waits a bounded time for the rest."""
        total = round(seconds / self._step)
        async with asyncio.TaskGroup() as group:
            for number in range(total):
                due = began + number * self._step
                while perf_counter() < due:  # noqa: ASYNC110  what it waits for is the time
                    await asyncio.sleep(0)
                self._tally.lateness.record(perf_counter() - due)
                self._waiting.append(due)
                self._begin_waiting(group)
            end = perf_counter() + DRAIN_SECONDS
            while perf_counter() < end and (self._waiting or len(self._idle) < self._users):
                await asyncio.sleep(0)
                self._begin_waiting(group)
            self._tally.unserved += len(self._waiting)
            self._waiting.clear()

    def _begin_waiting(self, group: asyncio.TaskGroup) -> None:
        while self._waiting and self._idle:
            shopper = self._idle.popleft()
            group.create_task(self._shop(shopper, self._waiting.popleft()))

    async def _shop(self, shopper: Shopper, due: float) -> None:
        try:
            await shopper.shop(due)
        finally:
            self._idle.append(shopper)
