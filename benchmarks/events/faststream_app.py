"""FastStream on NATS JetStream: places orders, sends on an outbox, or books, as it is told.

As its documentation has it: a durable pull subscription that fetches many at a time, handlers at
once in one process (`max_workers`), acknowledged after the handler, msgspec for what is read
(`MsgSpecSerializer`, faster than pydantic). asyncpg, connections kept in a pool.

`after_commit`: the event is published when the transaction is committed, and lost if the process
ends between the two. `outbox`: the event is a row of the same transaction; a process of its own
looks for such rows, publishes many at once by their ids, and deletes what JetStream has
acknowledged. That is what stands beside Hanse, which does no less.
"""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

import asyncio
import os
import sys
import uuid
from collections.abc import Sequence
from typing import Any

import asyncpg
import msgspec
import uvloop
from fast_depends.msgspec import MsgSpecSerializer
from faststream.nats import JStream, NatsBroker, NatsMessage, PullSub

from benchmarks.events import tables
from benchmarks.events.order import Placed, Told, placed, told
from benchmarks.events.writer import said, write

SUBJECT = "orders.placed"
STREAM = JStream("orders", subjects=["orders.*"])
WORKERS = tables.CONNECTIONS
FETCHED = 256
OUTBOX_ROWS = 512
LOOK_SECONDS = 0.005
ANSWER_SECONDS = 30.0
BATCH_SECONDS = 0.02
"""How long a batch is waited for: longer holds up what is there, shorter makes them small."""


def new_broker() -> NatsBroker:
    return NatsBroker(os.environ["BENCH_NATS"], serializer=MsgSpecSerializer(), logger=None)


class Shop:
    """Where orders are placed."""

    def __init__(self, pool: asyncpg.Pool, broker: NatsBroker | None) -> None:
        self.pool = pool
        self.broker = broker

    async def place(self, numbers: Sequence[int]) -> None:
        orders = [(uuid.uuid4(), placed(number)) for number in numbers]
        rows = [(one.number, one.customer, one.cents) for _, one in orders]
        async with self.pool.acquire() as connection, connection.transaction():
            if len(rows) == 1:
                await connection.execute(tables.PLACE, *rows[0])
            else:
                await connection.executemany(tables.PLACE, rows)
            if self.broker is None:
                await self.keep(connection, orders)
        if self.broker is not None:
            await asyncio.gather(*(publish(self.broker, *one) for one in orders))

    async def keep(self, connection: Any, orders: list) -> None:
        ids = [id_ for id_, _ in orders]
        bodies = [msgspec.json.encode(one) for _, one in orders]
        await connection.execute(
            "insert into outbox (id, body) select * from unnest($1::uuid[], $2::bytea[])",
            ids,
            bodies,
        )


async def publish(broker: NatsBroker, id_: uuid.UUID, body: Placed | bytes) -> None:
    headers = {"Nats-Msg-Id": str(id_), "content-type": "application/json"}
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    await broker.publish(
        content, SUBJECT, stream=STREAM.name, headers=headers, timeout=ANSWER_SECONDS
    )


async def relay(pool: asyncpg.Pool, broker: NatsBroker) -> None:
    """Send on what lies in the outbox, for ever; one process does."""
    async with pool.acquire() as connection:
        rows_of = await connection.prepare("select seq, id, body from outbox order by seq limit $1")
        while True:
            rows = await rows_of.fetch(OUTBOX_ROWS)
            if not rows:
                await asyncio.sleep(LOOK_SECONDS)
                continue
            await asyncio.gather(*(publish(broker, row["id"], row["body"]) for row in rows))
            done = [row["seq"] for row in rows]
            await connection.execute("delete from outbox where seq = any($1)", done)


def subscribe(broker: NatsBroker, pool: asyncpg.Pool, order: Told) -> None:
    """Have orders booked."""
    given = {"stream": STREAM, "durable": "bookings"}
    if order.batch > 1:
        batch = PullSub(batch_size=order.batch * 2, timeout=BATCH_SECONDS, batch=True)

        @broker.subscriber(SUBJECT, pull_sub=batch, **given)
        async def book_many(orders: list[Placed], message: NatsMessage) -> None:
            ids = [uuid.UUID(raw.headers["Nats-Msg-Id"]) for raw in message.raw_message]
            async with pool.acquire() as connection, connection.transaction():
                await book_new(connection, ids, orders)

        return

    @broker.subscriber(SUBJECT, pull_sub=PullSub(batch_size=FETCHED), max_workers=WORKERS, **given)
    async def book(order: Placed, message: NatsMessage) -> None:
        event = uuid.UUID(message.headers["Nats-Msg-Id"])
        async with pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(tables.HANDLE, event) is not None:
                await connection.execute(tables.BOOK, order.number, order.customer, order.cents)


async def book_new(connection: Any, ids: list, orders: list[Placed]) -> None:
    new = await connection.fetch(
        "insert into handled (event) select unnest($1::uuid[]) on conflict do nothing "
        "returning event",
        ids,
    )
    fresh = {row["event"] for row in new}
    rows = [
        (one.number, one.customer, one.cents)
        for id_, one in zip(ids, orders, strict=True)
        if id_ in fresh
    ]
    await connection.executemany(tables.BOOK, rows)


async def main() -> None:
    order = told()
    assert order is not None
    pool, broker = await tables.pool(), new_broker()
    if order.role == "handle":
        subscribe(broker, pool, order)
        await broker.start()
        await said("ready")
        await asyncio.to_thread(sys.stdin.read)
    elif order.role == "relay":
        await broker.connect()
        sending = asyncio.ensure_future(relay(pool, broker))
        await said("ready")
        sending.cancel()
    else:
        await broker.connect()
        await write(Shop(pool, broker if order.mode == "after_commit" else None), order)
    os._exit(0)  # what is still under way is of no interest


if __name__ == "__main__":
    uvloop.run(main())
