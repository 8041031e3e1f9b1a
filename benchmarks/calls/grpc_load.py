"""Closed-loop load for the gRPC pair: N callers, each waiting for its answer before the next call.

`python -m benchmarks.calls.grpc_load PORT CALLERS SECONDS ITEMS` prints answers and seconds as
JSON. Several channels, because one HTTP/2 connection carries a hundred streams at most
(https://grpc.io/docs/guides/performance/).
"""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

import asyncio
import json
import sys
import time

import grpc
import uvloop

from benchmarks.calls.grpc_shop import messages, services

CHANNELS = 4
TRACE = (("traceparent", f"00-{'ab' * 16}-{'cd' * 8}-01"),)


async def call_until(stub, order, right: int, end: float) -> int:
    answered = 0
    while time.perf_counter() < end:
        answer = await stub.Reserve(order, timeout=5, metadata=TRACE)
        if answer.quantity != right:
            raise SystemExit(f"wrong answer: {answer}")
        answered += 1
    return answered


async def main(port: int, callers: int, seconds: float, items: int) -> None:
    order = messages.Order(
        items=[messages.Item(sku=f"sku-{n:05d}", quantity=n + 1) for n in range(items)]
    )
    right = sum(range(1, items + 1))
    own_pool = [("grpc.use_local_subchannel_pool", 1)]
    channels = [
        grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=own_pool) for _ in range(CHANNELS)
    ]
    stubs = [services.ShopStub(channel) for channel in channels]
    start = time.perf_counter()
    calls = [call_until(stubs[n % CHANNELS], order, right, start + seconds) for n in range(callers)]
    answered = sum(await asyncio.gather(*calls))
    taken = time.perf_counter() - start
    for channel in channels:
        await channel.close()
    print(json.dumps({"answered": answered, "seconds": taken}))


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])))
