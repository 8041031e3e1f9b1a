"""Work in other processes: arguments, results and errors cross whole, and nothing grows without a bound."""

import asyncio
import os

import pytest

from hanse import PUBLIC, Service, rpc
from hanse.runtime.errors import Unavailable
from hanse.runtime.offload import WAITING_PER_WORKER_MAX, Offload, OffloadFailed
from hanse.runtime.tests.offloaded import (
    Point,
    TooFar,
    fails,
    lies,
    moved,
    process,
    untyped,
    waits,
)
from hanse.testing import World


@pytest.fixture
async def offload():
    pool = Offload(workers=1)
    yield pool
    pool.close()


async def test_a_function_runs_elsewhere_with_typed_values(offload):
    assert await offload(process) != os.getpid()
    assert await offload(moved, Point(1, 2), by=2) == Point(3, 2)
    assert await offload(moved, point=Point(1)) == Point(2)


async def test_what_a_function_raises_arrives(offload):
    with pytest.raises(TooFar, match="Too far") as caught:
        await offload(fails, "ours")
    assert caught.value.limit == 3
    with pytest.raises(OffloadFailed, match="Picky: 1"):
        await offload(fails, "picky")
    # Also where the function, or its caller, breaks its own types.
    with pytest.raises(OffloadFailed, match="Expected `int`, got `str`"):
        await offload(lies)
    with pytest.raises(OffloadFailed, match="Expected `int` >= 0"):
        await offload(moved, Point(-1))
    assert await offload(process) > 0


async def test_a_call_that_does_not_fit_is_a_type_error_here(offload):
    for wrong in ((moved,), (moved, Point(1), 2, 3), (untyped, 1), (lambda: 1,), (Point,)):
        with pytest.raises(TypeError):
            await offload(*wrong)
    assert offload.statistics()["taken"] == 0


async def test_a_process_that_dies_is_told_and_replaced(offload):
    with pytest.raises(Unavailable, match="killed"):
        await offload(fails, "dies")

    assert await offload(process) > 0


async def test_work_is_bounded_also_where_nobody_waits_for_it_any_more(offload, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    bound = 1 + WAITING_PER_WORKER_MAX
    calls = [asyncio.create_task(offload(waits, str(pipe))) for _ in range(bound)]
    async with asyncio.timeout(10):
        while offload.statistics()["taken"] < bound:
            await asyncio.sleep(0)

    with pytest.raises(Unavailable, match="busy"):
        await offload(process)
    calls[0].cancel()
    await asyncio.wait([calls[0]])
    # Its process works on, so its place stays taken.
    if offload.statistics()["taken"] == bound:
        with pytest.raises(Unavailable, match="busy"):
            await offload(process)

    for call in calls[1:]:
        call.cancel()
    # Whoever still reads gets its writer, so that the process can end.
    await asyncio.wait(calls)
    writer = os.open(pipe, os.O_RDWR)
    os.write(writer, b"x")
    os.close(writer)


class Digest(Service, package="digest.v1"):
    def __init__(self, offload: Offload) -> None:
        self.offload = offload

    @rpc(allow=PUBLIC)
    async def where(self) -> int:
        return await self.offload(process)


async def test_a_service_asks_for_it_in_its_constructor():
    async with World(Digest) as world:
        assert await world.get(Digest).where() != os.getpid()
