"""A of the gRPC pair: one channel, one stub for life (https://grpc.io/docs/guides/performance/)."""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

import os

import grpc
import uvloop

from benchmarks.calls.grpc_shop import check, serve, services, traced

DEADLINE_SECONDS = 5


class Cart(services.ShopServicer):
    def __init__(self, stock):
        self._stock = stock

    async def Reserve(self, request, context):  # noqa: N802 - the name stands in the .proto
        metadata = (("traceparent", traced(context)),)
        await check(request, context)
        return await self._stock.Reserve(request, timeout=DEADLINE_SECONDS, metadata=metadata)


async def main() -> None:
    async with grpc.aio.insecure_channel(f"unix:{os.environ['BENCH_UDS']}") as channel:
        await serve(Cart(services.ShopStub(channel)), f"127.0.0.1:{os.environ['BENCH_PORT']}")


if __name__ == "__main__":
    uvloop.run(main())
