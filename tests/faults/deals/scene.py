"""One run: deals under way, something killed where a seed says, and what became of all of them."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import NamedTuple

from tests.faults.deals.customer import Customer
from tests.faults.deals.ground import Ground, tell, until
from tests.faults.deals.verdict import complaints, twice
from tests.faults.kills.ledger import Ledger

POINTS = (
    "relay.taken",
    "relay.published",
    "subscription.handled",
    "subscription.kept",
    "subscription.parked",
    "workflow.claimed",
    "workflow.step_done",
    "workflow.transaction_kept",
    "workflow.written",
    "data.write.before_send",
    "data.write.sent",
    "data.write.done",
    "data.read.sent",
    "data.transaction.begun",
    "data.transaction.wrote",
    "data.transaction.before_commit",
    "data.transaction.commit_sent",
    "data.transaction.committed",
    "answer.before_send",
    "answer.sent",
    "",
)
"""Where a host stops; the last is any moment."""

WHOM = ("host",) * 5 + ("nats", "nats", "postgres", "all", "nobody")
"""Who is killed then. `nobody`: the host stands still, its leases run out, others go on, it wakes."""

ERRANDS = 300
"""At most, until the point must have been reached."""
LATER = 8
"""More of each where somebody lives on."""
PAUSE_SECONDS = 1.5
JUMPS = (0, 0, 0, 3600, 86_400, -3600)
WAIT_FIRST, WAIT_MOST = 90, 13 * 3600
"""Seconds after which what is parked is tried again, and a little more: at first, and at last. What
a host parked whose clock is ahead, another tries when its own is there."""


class Plan(NamedTuple):
    """What a run does, all of it from its seed.

    Attributes:
        seed: Draws the rest, and what customers do.
        point: Where the host stops; empty for some moment.
        nth: At which time that it comes there.
        whom: Who is killed then.
        hosts: How many there are.
        customers: How many ask at once.
        moment: Seconds until then, where there is no point.
        jump: Seconds by which the business time of the first host is ahead.
    """

    seed: int
    point: str
    nth: int
    whom: str
    hosts: int
    customers: int
    moment: float
    jump: int


def drawn(seed: int) -> Plan:
    """The plan of a seed: points take turns, so that so many seeds reach all of them."""
    chance = random.Random(seed)
    point = POINTS[seed % len(POINTS)]
    return Plan(
        seed,
        point,
        chance.randint(1, 2 if point == "subscription.parked" else 6),
        chance.choice(WHOM),
        chance.choice((1, 1, 1, 2)),
        chance.choice((1, 2, 3)),
        chance.random() * 0.4,
        chance.choice(JUMPS),
    )


class Run:
    """A run of a plan on its ground.

    Attributes:
        asked: What the world outside was asked for, each once.
        again: How often it was asked for that once more.
        errands: How many were answered.
    """

    def __init__(self, ground: Ground, plan: Plan, ledger: Ledger) -> None:
        self._ground, self._plan, self._ledger = ground, plan, ledger
        self._site = f"s{plan.seed}"
        self._urls = ["", ""]
        chance = random.Random(plan.seed)
        sour = 0.4 if plan.point == "subscription.parked" else 0.06
        self._customers = [
            Customer(number, ledger, random.Random(chance.random()), sour)
            for number in range(plan.customers)
        ]
        self.asked: Counter[str] = Counter()
        self.again: Counter[str] = Counter()
        self.errands = 0

    async def run(self) -> None:
        """Runs it.

        Raises:
            AssertionError: Something is lost, invented, done twice, out of order or stuck; or
                nothing was killed where it should have been.
        """
        self._working = asyncio.gather()
        self._ground.world.forget()
        try:
            await self._load()
            await self._kill()
            await self._working
            await self._rest()
            await self._judge()
        finally:
            self._working.cancel()
            for customer in self._customers:
                customer.close()
            for which in range(2):
                await self._end(which)

    # Hosts.

    async def _begin(self, which: int) -> None:
        self._urls[which] = await self._ground.begin(which, self._site)
        self._tell_customers()

    async def _end(self, which: int) -> None:
        if self._urls[which]:
            self._urls[which] = ""
            await self._ground.hosts[which].kill()
            self._tell_customers()

    def _tell_customers(self) -> None:
        for customer in self._customers:
            customer.urls = [url for url in self._urls if url]

    # What happens.

    async def _load(self) -> None:
        await self._ground.expire()  # those of the run before are dead
        await self._begin(0)
        await asyncio.gather(*(one.order() for one in self._customers))
        if self._plan.hosts == 2:
            await self._begin(1)  # the first leads by now
        await tell(self._urls[0], "jumps", seconds=self._plan.jump)
        if self._plan.point:
            status = await tell(self._urls[0], "aims", point=self._plan.point, nth=self._nth())
            assert status == 204, f"nobody aims: {status}"
        self._over = asyncio.Event()
        self._working = asyncio.gather(*(one.work(self._over, ERRANDS) for one in self._customers))
        await self._until_it_stops()
        self._over.set()

    def _nth(self) -> int:
        """The answer to the aim is one, too."""
        return self._plan.nth + self._plan.point.startswith("answer")

    async def _until_it_stops(self) -> None:
        host = self._ground.hosts[0]
        if not self._plan.point:
            await asyncio.sleep(self._plan.moment)
            host.stop()
            await host.stopped()
            return
        stopped = asyncio.ensure_future(host.stopped())
        await asyncio.wait((stopped, self._working), return_when=asyncio.FIRST_COMPLETED)
        if not stopped.done():
            stopped.cancel()
            await asyncio.wait((stopped,))
            entries = len(self._ledger.read())
            raise AssertionError(f"nothing came to the point, of {entries} entries")
        stopped.result()

    async def _kill(self) -> None:
        ground, whom = self._ground, self._plan.whom
        if whom == "nobody":
            await self._pause()
            return
        if whom in {"host", "all"}:
            await self._end(0)
        if whom == "all":
            await self._end(1)
        if whom in {"nats", "all"}:
            await asyncio.to_thread(ground.kill_broker)
        if whom in {"postgres", "all"}:
            await asyncio.to_thread(ground.kill_postgres)
        if whom in {"nats", "postgres"}:
            ground.hosts[0].go_on()
            await self._go_on()
        else:
            await ground.expire()
            await self._begin(0)

    async def _pause(self) -> None:
        """Another goes on with what the first holds; then both are there."""
        first, self._urls[0] = self._urls[0], ""
        await self._ground.expire()
        if not self._urls[1]:
            await self._begin(1)
        for customer in self._customers:
            customer.close()
        self._tell_customers()
        going_on = asyncio.ensure_future(self._go_on())
        await asyncio.wait(
            (going_on,), timeout=PAUSE_SECONDS
        )  # what the first locks, they wait for
        self._urls[0] = first
        self._ground.hosts[0].go_on()
        self._tell_customers()
        await going_on

    async def _go_on(self) -> None:
        await self._working
        over = asyncio.Event()
        await asyncio.gather(*(one.work(over, LATER) for one in self._customers))

    async def _rest(self) -> None:
        """Until nothing is left to be done, or for so long that something is stuck."""
        await self._each_host("jumps", seconds=max(0, self._plan.jump))
        await until(self._all_is_answered)
        await until(self._no_deal_is_open)
        self._wait = WAIT_FIRST
        await until(self._nothing_waits)

    async def _each_host(self, path: str, **body: int) -> None:
        for url in filter(None, self._urls):
            await tell(url, path, **body)

    async def _all_is_answered(self) -> bool:
        await asyncio.gather(*(one.finish() for one in self._customers))
        return not any(one.is_waiting for one in self._customers)

    async def _no_deal_is_open(self) -> bool:
        return not await self._ground.under_way(self._site)

    async def _nothing_waits(self) -> bool:
        """What is parked is tried again as its minutes pass, and what waits behind it in its turn."""
        await self._each_host("rests")
        self._last = await self._ground.found(self._site)
        await self._each_host("jumps", seconds=self._wait)
        self._wait = min(2 * self._wait, WAIT_MOST)
        return not self._last.waiting

    async def _judge(self) -> None:
        self.errands = sum(one.done for one in self._customers)
        assert self.errands >= self._plan.customers, "too little was done to tell"
        await until(self._is_well, 15)
        wrong = complaints(self._ledger.read(), self._last)
        assert not wrong, "\n".join(wrong)
        self.asked = Counter(one.what for one in set(self._last.done))
        self.again = twice(self._last)

    async def _is_well(self) -> bool:
        """What was late may come; what is twice stays so."""
        self._last = await self._ground.found(self._site)
        return not complaints(self._ledger.read(), self._last)
