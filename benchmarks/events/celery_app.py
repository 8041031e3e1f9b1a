"""Celery on Redis: places orders, or is the worker that books them.

As its documentation advises for many short tasks: prefork, a large prefetch, no results, no events,
no gossip, mingle and heartbeat; acknowledged late and again if a worker is lost, since a booking
must not be. The task is sent when the transaction is committed (Celery has no outbox), and is lost
if the process ends between the two. psycopg, one connection a process or thread. Two workers of two
processes each: one worker books less, since it waits for Redis alone; more workers, or more
processes in each, book no more on two cores.
"""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

import asyncio
import os
import signal
import sys
import threading
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import psycopg
from celery import Celery
from celery.signals import worker_process_init, worker_ready

from benchmarks.events.order import placed, told
from benchmarks.events.writer import write

WORKERS = 2
PREFETCH = 32
THREADS = 8

app = Celery("bench", broker=f"redis+socket://{os.environ['BENCH_REDIS']}")
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=PREFETCH,
    worker_hijack_root_logger=False,
    broker_pool_limit=THREADS,
    broker_connection_retry_on_startup=True,
)
here = threading.local()
answers = os.dup(1)
"""Where to say `ready`: the worker's own words go elsewhere."""


def connection() -> psycopg.Connection:
    """The one of this thread."""
    if not hasattr(here, "connection"):
        host, name = os.environ["BENCH_POSTGRES"], os.environ["BENCH_DATABASE"]
        here.connection = psycopg.connect(host=host, user="hanse", dbname=name, autocommit=True)
        here.connection.prepare_threshold = 1
    return here.connection


@worker_process_init.connect
def connect(**_: object) -> None:
    connection()


@app.task(name="book")
def book(event: str, number: int, customer: str, cents: int) -> None:
    with connection().transaction(), connection().cursor() as cursor:
        cursor.execute(
            "insert into handled (event) values (%s) on conflict do nothing returning event",
            (uuid.UUID(event),),
        )
        if cursor.fetchone() is not None:
            cursor.execute(
                "insert into bookings (number, customer, cents) values (%s, %s, %s)",
                (number, customer, cents),
            )


class Shop:
    """Where orders are placed: each in a thread, since both clients block."""

    def __init__(self) -> None:
        self.threads = ThreadPoolExecutor(THREADS)

    async def place(self, numbers: Sequence[int]) -> None:
        await asyncio.get_running_loop().run_in_executor(self.threads, self.place_now, numbers)

    def place_now(self, numbers: Sequence[int]) -> None:
        orders = [placed(number) for number in numbers]
        with connection().transaction(), connection().cursor() as cursor:
            cursor.executemany(
                "insert into orders (number, customer, cents) values (%s, %s, %s)",
                [(one.number, one.customer, one.cents) for one in orders],
            )
        for one in orders:
            book.delay(str(uuid.uuid4()), one.number, one.customer, one.cents)


@worker_ready.connect
def ready(**_: object) -> None:
    """Say so, and end with the input."""
    os.write(answers, b"ready\n")

    def end() -> None:
        sys.stdin.read()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=end, daemon=True).start()


def main() -> None:
    order = told()
    assert order is not None
    if order.role == "write":
        asyncio.run(write(Shop(), order))
        return
    os.dup2(2, 1)
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=ERROR"]
    app.worker_main(
        [
            "worker",
            "--pool=prefork",
            f"--concurrency={WORKERS}",
            *quiet,
        ]
    )


if __name__ == "__main__":
    main()
