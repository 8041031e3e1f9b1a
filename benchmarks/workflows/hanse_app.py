"""Hanse: a host with one service, whose workflow is run where it was begun.

Everything is on that a host has on in production: leases, fences, sweeping, limits of time.
"""

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import uvloop

from benchmarks.data.hanse_contacts import entity
from benchmarks.workflows import flow
from benchmarks.workflows.driver import order, serve
from hanse import (
    PUBLIC,
    DatabaseConfig,
    Host,
    HostConfig,
    Run,
    Service,
    Struct,
    Workflows,
    rpc,
    workflow,
)
from hanse.testing import acting


class Wanted(Struct, frozen=True):
    number: int
    customer: str
    items: tuple[str, ...]
    cents: int


class Answer(Struct, frozen=True):
    step: str
    number: int
    cents: int


class Receipt(Struct, frozen=True):
    number: int
    steps: tuple[str, ...]
    cents: int


def step(name: str, given: Wanted) -> Answer:
    flow.ran[name] += 1
    return Answer(name, given.number, given.cents)


class Shop(Service, package="shop.v1"):
    """Places orders, and sleeps."""

    def __init__(self, workflows: Workflows) -> None:
        self.workflows = workflows
        made.append(self)

    @rpc(allow=PUBLIC)
    async def ping(self) -> None:
        """A service has at least one method."""

    @workflow(version=1)
    async def place(self, run: Run, given: Wanted) -> Receipt:
        answers = (
            await run.step(self.reserve, given),
            await run.step(self.charge, given),
            await run.step(self.ship, given),
        )
        return Receipt(
            answers[0].number,
            tuple(one.step for one in answers),
            sum(one.cents for one in answers),
        )

    @workflow(version=1)
    async def nap(self, run: Run, seconds: float) -> float:
        begun = await run.step(self.now)
        await run.sleep(timedelta(seconds=seconds))
        return await run.step(self.now) - begun - seconds

    async def reserve(self, given: Wanted) -> Answer:
        return step("reserve", given)

    async def charge(self, given: Wanted) -> Answer:
        return step("charge", given)

    async def ship(self, given: Wanted) -> Answer:
        return step("ship", given)

    async def now(self) -> float:
        return time.time()


made: list[Shop] = []
"""The one that the host has made."""


class HanseFlows:
    """What a call of the service does."""

    async def place(self, number: int) -> dict[str, Any]:
        shop, given = made[0], flow.order(number)
        wanted = Wanted(number, given["customer"], tuple(given["items"]), given["cents"])
        with acting():
            id_ = await shop.workflows.start(shop.place, wanted)
            done: Receipt = await shop.workflows.result(shop.place, id_)
        return {"number": done.number, "steps": list(done.steps), "cents": done.cents}

    async def nap(self, number: int, seconds: float) -> float:
        shop = made[0]
        with acting():
            id_ = await shop.workflows.start(shop.nap, seconds)
            late: float = await shop.workflows.result(shop.nap, id_)
        return late


def database() -> DatabaseConfig:
    """A round's database is a copy of another one, and has its keys."""
    keys = os.environ["BENCH_DATABASE"].removesuffix("_round")
    folder = Path(os.environ["BENCH_POSTGRES"], f"{keys}.keys")
    return msgspec.structs.replace(entity.database(), keys=folder)


async def main() -> None:
    async with Host([Shop], HostConfig(port=None, database=database())):
        if os.environ["BENCH_ORDER"]:  # without one it only makes its tables
            flows = HanseFlows()
            await flows.nap(0, 0.0)  # by then it holds its lease, and runs what it begins
            await serve(flows, order())


if __name__ == "__main__":
    uvloop.run(main())
