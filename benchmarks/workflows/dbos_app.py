"""DBOS Transact 3: a process that runs its workflows, in one of its two ways.

Settings as in its own benchmark (github.com/dbos-inc/dbos-postgres-benchmark): no admin server, 16
connections and 512 threads a process, workflows started where they run, which spares a queue's
writes (by a queue, tried with the settings of that benchmark, fewer finish). Steps and workflow
are its decorators, nothing else; telemetry is off, which is its default.

`asyncio`: coroutines, as the benchmark has them. `threads`: plain functions, each workflow in a
thread. Which is faster depends on the machine, so both are tried.
"""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

import asyncio
import os
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import uvloop
from dbos import DBOS, DBOSConfig

from benchmarks.workflows import flow
from benchmarks.workflows.driver import order, serve

POOL_SIZE = 16
THREADS = 512


@DBOS.step()
async def reserve(given: dict) -> dict:
    return flow.step("reserve", given)


@DBOS.step()
async def charge(given: dict) -> dict:
    return flow.step("charge", given)


@DBOS.step()
async def ship(given: dict) -> dict:
    return flow.step("ship", given)


@DBOS.workflow()
async def place(given: dict) -> dict:
    return flow.receipt([await reserve(given), await charge(given), await ship(given)])


@DBOS.step()
def reserve_sync(given: dict) -> dict:
    return flow.step("reserve", given)


@DBOS.step()
def charge_sync(given: dict) -> dict:
    return flow.step("charge", given)


@DBOS.step()
def ship_sync(given: dict) -> dict:
    return flow.step("ship", given)


@DBOS.workflow()
def place_sync(given: dict) -> dict:
    return flow.receipt([reserve_sync(given), charge_sync(given), ship_sync(given)])


@DBOS.step()
async def now() -> float:
    return time.time()


@DBOS.workflow()
async def nap(seconds: float) -> float:
    begun = await now()
    await DBOS.sleep_async(seconds)
    return await now() - begun - seconds


class AsyncFlows:
    async def place(self, number: int) -> dict:
        return await place(flow.order(number))

    async def nap(self, number: int, seconds: float) -> float:
        return await nap(seconds)


class ThreadFlows(AsyncFlows):
    def __init__(self, at_once: int) -> None:
        self.threads = ThreadPoolExecutor(at_once)

    async def place(self, number: int) -> dict:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, place_sync, flow.order(number))


def config() -> DBOSConfig:
    socket, name = os.environ["BENCH_POSTGRES"], os.environ["BENCH_DATABASE"]
    return {
        "name": "dbos-bench",
        "system_database_url": f"postgresql+psycopg://hanse@/{name}?host={socket}",
        "run_admin_server": False,
        "sys_db_pool_size": POOL_SIZE,
        "max_executor_threads": THREADS,
        "executor_id": str(uuid.uuid4()),
        "log_level": "WARNING",
    }


async def main() -> None:
    told = order()
    await serve(ThreadFlows(told.at_once) if told.mode == "threads" else AsyncFlows(), told)


if __name__ == "__main__":
    DBOS(config=config())
    DBOS.launch()
    try:
        if os.environ["BENCH_ORDER"]:  # without one it only makes its tables
            uvloop.run(main())
    finally:
        DBOS.destroy(workflow_completion_timeout_sec=0)
