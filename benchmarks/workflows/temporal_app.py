"""Temporal: a worker that runs its workflows, beside its development server.

As its guide to worker performance advises: pollers that scale themselves, as many slots as
workflows are under way, a cache that holds all of them; workflows are not in the sandbox, which
checks determinism by loading modules anew for each. Workflow and first activity start eagerly, in
the worker that asked. Steps are activities, not local ones: of those the results of several are
kept together, later than the next begins.
"""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

import os
import time
import uuid
from datetime import timedelta

import uvloop
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import PollerBehaviorAutoscaling, UnsandboxedWorkflowRunner, Worker

from benchmarks.workflows import flow
from benchmarks.workflows.driver import order, serve

QUEUE = "bench"
SLOTS = 200
CACHED = 5_000
LIMIT = timedelta(minutes=1)


@activity.defn
async def reserve(given: dict) -> dict:
    return flow.step("reserve", given)


@activity.defn
async def charge(given: dict) -> dict:
    return flow.step("charge", given)


@activity.defn
async def ship(given: dict) -> dict:
    return flow.step("ship", given)


@activity.defn
async def now() -> float:
    return time.time()


@workflow.defn
class Place:
    @workflow.run
    async def run(self, given: dict) -> dict:
        answers = [
            await workflow.execute_activity(one, given, start_to_close_timeout=LIMIT)
            for one in (reserve, charge, ship)
        ]
        return flow.receipt(answers)


@workflow.defn
class Nap:
    @workflow.run
    async def run(self, seconds: float) -> float:
        begun = await workflow.execute_activity(now, start_to_close_timeout=LIMIT)
        await workflow.sleep(seconds)
        return await workflow.execute_activity(now, start_to_close_timeout=LIMIT) - begun - seconds


class TemporalFlows:
    def __init__(self, client: Client) -> None:
        self.client = client
        self.series = uuid.uuid4().hex

    async def place(self, number: int) -> dict:
        return await self.client.execute_workflow(
            Place.run,
            flow.order(number),
            id=f"{self.series}-{number}",
            task_queue=QUEUE,
            request_eager_start=True,
        )

    async def nap(self, number: int, seconds: float) -> float:
        return await self.client.execute_workflow(
            Nap.run, seconds, id=f"{self.series}-{number}", task_queue=QUEUE
        )


async def main() -> None:
    client = await Client.connect(os.environ["BENCH_TEMPORAL"])
    pollers = PollerBehaviorAutoscaling()
    async with Worker(
        client,
        task_queue=QUEUE,
        workflows=[Place, Nap],
        activities=[reserve, charge, ship, now],
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_cached_workflows=CACHED,
        max_concurrent_workflow_tasks=SLOTS,
        max_concurrent_activities=SLOTS,
        workflow_task_poller_behavior=pollers,
        activity_task_poller_behavior=pollers,
    ):
        await serve(TemporalFlows(client), order())


if __name__ == "__main__":
    uvloop.run(main())
