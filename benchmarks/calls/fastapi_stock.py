"""B of both FastAPI pairs: reserves what A asks for. uvicorn on a Unix socket."""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

import os

import uvicorn
from fastapi import FastAPI, Request

from benchmarks.calls.shop_types import Order, Reserved
from benchmarks.tracing import continue_trace

app = FastAPI()


@app.post("/stock/v1/reservations")
async def reserve(order: Order, request: Request) -> Reserved:
    continue_trace(request.headers.get("traceparent"))
    return Reserved(lines=len(order.items), quantity=sum(item.quantity for item in order.items))


if __name__ == "__main__":
    uvicorn.run(
        app,
        uds=os.environ["BENCH_UDS"],
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
