"""B of the gRPC pair, on grpc.aio and a Unix socket, and on uvloop because that was faster."""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

import os

import uvloop

from benchmarks.calls.grpc_shop import check, messages, serve, services, traced


class Stock(services.ShopServicer):
    async def Reserve(self, request, context):  # noqa: N802 - the name stands in the .proto
        traced(context)
        await check(request, context)
        return messages.Reserved(
            lines=len(request.items), quantity=sum(item.quantity for item in request.items)
        )


if __name__ == "__main__":
    uvloop.run(serve(Stock(), f"unix:{os.environ['BENCH_UDS']}"))
